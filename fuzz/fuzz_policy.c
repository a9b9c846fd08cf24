/* SPDX-License-Identifier: ISC */
/*
 * The policy file: any bytes are read, and what is right is compiled in a small world. What is
 * wrong must be said in clean lines that lie in the file; what compiles must not allow what no
 * rule names, and must differ from itself by nothing.
 */
#include "base/error.h"
#include "policy/compile.h"
#include "policy/diff.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	DEVICES = 4,  /* one for each user */
	SERVICES = 5, /* of the model, then those of the file */
};

static const char *const users[DEVICES] = {"alice", "bob", "carol", "ops"};
static const char *const services[SERVICES] = {"db", "dns", "intranet", "web", "x"};

/* Ends the run where something is not as it must be, with or without assertions. */
static void demand(bool holds)
{
	if (!holds)
		abort();
}

static struct policy_model *new_model(void)
{
	struct policy_model *model = policy_model_new();
	const struct policy_target target = {
		.address = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, 7}}, .port = 53};

	for (uint32_t i = 0; i < DEVICES; i++) {
		demand(policy_model_add_user(model, users[i]) == 0);
		demand(policy_model_add_device(model, i, users[i], POLICY_DEVICE_ACTIVE) == 0);
	}
	demand(policy_model_add_group(model, "ops") == 0);
	demand(policy_model_add_group(model, "staff") == 0);
	demand(policy_model_add_member(model, "staff", "bob") == 0);
	for (uint32_t i = 0; i < SERVICES; i++)
		demand(policy_model_add_service(model, i, services[i], &target) == 0);
	return model;
}

/* Adds the file's services that the model lacks, as the store would. */
static void add_services(struct policy_model *model, const struct policy_document *document)
{
	for (size_t i = 0; i < document->service_count; i++) {
		const struct policy_document_service *service = &document->services[i];
		int result = policy_model_add_service(
			model, (uint32_t)(SERVICES + i), service->name, &service->target);
		demand(result == 0 || result == ERR_EXISTS);
	}
}

static void check_text(const char *text)
{
	demand(strncmp(text, "found ", 6) == 0);
	demand(memchr(text, '\0', POLICY_FAULT_TEXT_SIZE) != NULL);
	demand(strlen(text) < POLICY_FAULT_TEXT_SIZE - 1);
	for (; *text; text++)
		demand(*text >= ' ' && *text <= '~');
}

static void check_faults(const struct policy_faults *faults, const uint8_t *data, size_t size)
{
	size_t lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	demand(faults->count <= POLICY_FAULTS_MAX);
	demand(faults->more == 0 || faults->count == POLICY_FAULTS_MAX);
	for (size_t i = 0; i < faults->count; i++) {
		const struct policy_fault *fault = &faults->list[i];

		check_text(fault->text);
		demand(fault->class < POLICY_FAULT_CLASSES);
		demand(fault->at.line >= 1 && fault->at.line <= lines && fault->at.column >= 1);
		demand(i == 0 || fault[-1].at.line <= fault->at.line);
	}
}

/* Whether a list of a rule has the name. */
static bool is_mentioned(const struct policy_document *document, const char *service)
{
	for (size_t i = 0; i < document->rule_count; i++) {
		const struct policy_mentions *may = &document->rules[i].may;

		for (size_t at = 0; at < may->count; at++) {
			if (strcmp(may->list[at].name, service) == 0)
				return true;
		}
	}
	return false;
}

/* Compiles; the policy must be as strict as it says. */
static struct policy_compiled *compile(const struct policy_document *document,
	const struct policy_model *model, enum policy_strictness strictness)
{
	const struct policy_source source = {
		.document = document, .model = model, .strictness = strictness};
	struct policy_faults faults = {0};
	struct policy_compiled *compiled = NULL;
	int result = policy_compile(&source, &faults, &compiled);

	demand(result == 0 || (strictness == POLICY_STRICT && result == ERR_POLICY));
	demand((result == 0) == (compiled != NULL));
	demand(strictness == POLICY_LENIENT || (result == 0) == !policy_faults_exist(&faults));
	for (size_t i = 0; i < faults.count; i++)
		check_text(faults.list[i].text);
	policy_faults_done(&faults);
	return compiled;
}

static void check_compiled(
	const struct policy_document *document, const struct policy_compiled *compiled)
{
	struct policy_diff diff;

	for (uint32_t device = 0; device < DEVICES; device++) {
		for (uint32_t service = 0; service < SERVICES; service++)
			demand(!policy_allows(compiled, device, service) ||
				is_mentioned(document, services[service]));
	}
	policy_diff_init(&diff, compiled, compiled);
	demand(policy_diff_is_empty(&diff));
	policy_diff_done(&diff);
}

static void use(const struct policy_document *document)
{
	struct policy_model *model = new_model();

	add_services(model, document);
	struct policy_compiled *lenient = compile(document, model, POLICY_LENIENT);
	struct policy_compiled *strict = compile(document, model, POLICY_STRICT);
	struct policy_diff diff;

	check_compiled(document, lenient);
	if (strict) {
		policy_diff_init(&diff, lenient, strict);
		demand(policy_diff_is_empty(&diff));
		policy_diff_done(&diff);
	}
	policy_compiled_free(lenient);
	policy_compiled_free(strict);
	policy_model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_faults faults = {0};
	struct policy_document *document = NULL;
	int result = policy_document_parse(data, size, &faults, &document);

	demand(result == 0 || result == ERR_POLICY);
	demand((result == 0) == !policy_faults_exist(&faults));
	demand((result == 0) == (document != NULL));
	check_faults(&faults, data, size);
	if (document)
		use(document);
	policy_document_free(document);
	policy_faults_done(&faults);
	return 0;
}
