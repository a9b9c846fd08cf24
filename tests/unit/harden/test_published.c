/* SPDX-License-Identifier: ISC */
/* Rules that lead ports elsewhere, found in a listing. */
#include "tap.h"

#include "harden/published.h"

static const char listing[] = "table ip nat {\n"
			      "\tchain DOCKER {\n"
			      "\t\tiifname != \"docker0\" tcp dport 8080 dnat to 172.17.0.2:80\n"
			      "\t\ttcp dport 81 redirect to :8081\n"
			      "\t\tmeta l4proto tcp # xt_DNAT\n"
			      "\t\toifname != \"docker0\" masquerade\n"
			      "\t}\n"
			      "}\n"
			      "table inet tacet {\n"
			      "\tchain mediate {\n"
			      "\t\tiifname \"tacet0\" dnat ip to 10.0.0.1:80\n"
			      "\t}\n"
			      "}\n"
			      "table inet tacetic {\n"
			      "\tchain a {\n"
			      "\t\tdnat ip to 10.0.0.1\n"
			      "\t}\n"
			      "}";

int main(void)
{
	static const char *const want[] = {
		"ip nat: iifname != \"docker0\" tcp dport 8080 dnat to 172.17.0.2:80",
		"ip nat: tcp dport 81 redirect to :8081",
		"ip nat: meta l4proto tcp # xt_DNAT",
		"inet tacetic: dnat ip to 10.0.0.1",
	};
	struct published found = published_find(listing);

	tap_is_int((intmax_t)found.count, ARRAY_LENGTH(want), "how many");
	for (size_t i = 0; i < ARRAY_LENGTH(want) && i < found.count; i++)
		if (!tap_ok(strcmp(found.rules[i], want[i]) == 0, want[i]))
			printf("# got \"%s\"\n", found.rules[i]);
	published_done(&found);
	found = published_find("");
	tap_is_int((intmax_t)found.count, 0, "none in nothing");
	published_done(&found);
	return tap_done();
}
