/* SPDX-License-Identifier: ISC */
#include "policy/compiled_state.h"

#include <stdlib.h>

/* Index of an id among those ascending; SIZE_MAX: it is not there. */
static size_t find(const uint32_t *ids, size_t count, uint32_t id)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && ids[low] == id ? low : SIZE_MAX;
}

const struct policy_compiled *compiled_empty(void)
{
	static uint32_t number = POLICY_ROLE_NONE;
	static uint64_t grants = 0;
	static const struct policy_compiled empty = {
		.words = 1, .numbers = &number, .grants = &grants, .role_count = 1};

	return &empty;
}

void policy_compiled_free(struct policy_compiled *compiled)
{
	if (!compiled)
		return;
	free(compiled->services);
	free(compiled->numbers);
	free(compiled->grants);
	free(compiled->devices);
	free(compiled);
}

/* The row of a device's role; 0 where the device is not known. */
static size_t row_of_device(const struct policy_compiled *compiled, uint32_t device)
{
	size_t low = 0, high = compiled->device_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compiled->devices[middle].id < device)
			low = middle + 1;
		else
			high = middle;
	}
	bool is_known = low < compiled->device_count && compiled->devices[low].id == device;
	return is_known ? compiled->devices[low].row : 0;
}

bool policy_allows(const struct policy_compiled *compiled, uint32_t device, uint32_t service)
{
	size_t bit = find(compiled->services, compiled->service_count, service);

	if (bit == SIZE_MAX)
		return false;
	return bitset_has(compiled_row(compiled, row_of_device(compiled, device)), bit);
}

uint32_t policy_role_of(const struct policy_compiled *compiled, uint32_t device)
{
	return compiled->numbers[row_of_device(compiled, device)];
}

size_t policy_role_count(const struct policy_compiled *compiled)
{
	return compiled->role_count;
}

uint32_t policy_role_at(const struct policy_compiled *compiled, size_t index)
{
	return compiled->numbers[index];
}

size_t policy_device_count(const struct policy_compiled *compiled)
{
	return compiled->device_count;
}

struct policy_device_role policy_device_at(const struct policy_compiled *compiled, size_t index)
{
	const struct compiled_device *device = &compiled->devices[index];

	return (struct policy_device_role){device->id, compiled->numbers[device->row]};
}

struct policy_grants policy_grants_of(const struct policy_compiled *compiled, uint32_t role)
{
	size_t row = find(compiled->numbers, compiled->role_count, role);

	return (struct policy_grants){compiled, row == SIZE_MAX ? 0 : row, 0};
}

bool policy_grants_next(struct policy_grants *grants, uint32_t *ret_service)
{
	const struct policy_compiled *compiled = grants->compiled;
	size_t bit = bitset_next(
		compiled_row(compiled, grants->row), NULL, compiled->words, grants->next);

	if (bit == SIZE_MAX)
		return false;
	grants->next = bit + 1;
	*ret_service = compiled->services[bit];
	return true;
}

size_t policy_compiled_bytes(const struct policy_compiled *compiled)
{
	return sizeof *compiled + compiled->service_count * sizeof *compiled->services +
	       compiled->role_count * sizeof *compiled->numbers +
	       compiled->role_count * compiled->words * sizeof *compiled->grants +
	       compiled->device_count * sizeof *compiled->devices;
}
