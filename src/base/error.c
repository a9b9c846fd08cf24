/* SPDX-License-Identifier: ISC */
#include "base/error.h"

#include <string.h>

enum {
	ERR_OURS = -1000, /* ours lie below, the system's above */
};

static const struct {
	int code;
	const char *text;
} texts[] = {
#define X(name, code, text) {code, text},
	ERROR_LIST(X)
#undef X
};

const char *err_str(int code)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].code == code)
			return texts[i].text;
	}
	const char *text = code <= 0 && code > ERR_OURS ? strerrordesc_np(-code) : NULL;
	return text ? text : "unknown error";
}
