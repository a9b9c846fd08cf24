/* SPDX-License-Identifier: ISC */
/* Enforcement in a namespace: transactions that fail. What works is tested end to end. */
#include "gateway/enforce.h"

#include "net/namespace.h"
#include "small_model.h"

#include "base/error.h"
#include "gateway/elements.h"
#include "net/nftset.h"

/* The reports of one check. */
static unsigned reports;

static void count_report(void *context, const char *what)
{
	(void)context;
	printf("# %s\n", what);
	reports++;
}

static int count_element(void *context, const struct nftset_element *element)
{
	(void)element;
	++*(unsigned *)context;
	return 0;
}

/* How many elements the kernel has. */
static unsigned kernel_count(void)
{
	unsigned count = 0;

	for (unsigned set = 0; set < ELEMENTS_SETS; set++)
		must(nftset_dump(&elements_sets[set], count_element, &count) == 0, "dump");
	return count;
}

/* Gives up our rights for a while, or takes them back. */
static void set_rights(bool has)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	must(syscall(SYS_capget, &header, data) == 0, "read capabilities");
	for (unsigned i = 0; i < ARRAY_LENGTH(data); i++)
		data[i].effective = has ? data[i].permitted : 0;
	must(syscall(SYS_capset, &header, data) == 0, "set capabilities");
}

static void test_refused(struct enforce *enforce)
{
	struct enforce_result done;
	struct small_model small;

	small_model_init(&small);
	tap_is_int(enforce_check(enforce), 0, "before the first model nothing is wrong");
	tap_is_int(enforce_remove(enforce), 0, "and nothing is removed");
	tap_is_int(enforce_apply(enforce, &small.model, &done), 0, "a model is put in force");
	tap_is_int((intmax_t)done.added, 18, "with its elements");
	tap_is_int(enforce_check(enforce), 0, "and is");
	small.model.device_count = 1;
	small.grants[2].role = 1;
	set_rights(false);
	tap_is_int(enforce_apply(enforce, &small.model, &done), -EPERM, "without rights: refused");
	tap_ok(strlen(enforce_error(enforce)) > 0, "and it is said what");
	printf("# %s\n", enforce_error(enforce));
	set_rights(true);
	tap_is_int(enforce_check(enforce), 0, "the former model is in force");
	tap_is_int(kernel_count(), 18, "in the kernel, too");
	small.model.tunnel.control_port = 0;
	tap_is_int(enforce_apply(enforce, &small.model, &done), ERR_RANGE, "a wrong model");
	tap_is_int(enforce_check(enforce), 0, "changes nothing");
	small.model.tunnel.control_port = 7001;
	tap_is_int(enforce_apply(enforce, &small.model, &done), 0, "with rights it works");
	tap_is_int((intmax_t)done.deleted, 2, "only what differs goes");
	tap_is_int((intmax_t)done.added, 1, "and comes");
}

/* Something that another left under our name, and that elements do not fit into. */
static void test_unfit(struct enforce *enforce, const char *name, const char *table)
{
	struct enforce_result done;
	struct small_model small;
	char command[512];

	small_model_init(&small);
	(void)snprintf(command, sizeof command, "nft 'delete table inet tacet; %s'", table);
	must(run(command), command);
	reports = 0;
	tap_ok(enforce_check(enforce) > 0 && reports > 0, name);
	tap_is_int(enforce_check(enforce), 0, "it is repaired");
	must(run(command), command);
	tap_is_int(enforce_apply(enforce, &small.model, &done), 0, "or replaced by a new model");
	tap_is_int(kernel_count(), 18, "of which all is there");
	tap_is_int(enforce_check(enforce), 0, "and right");
}

/* The next process finds what the one before left. */
static void test_next(struct enforce *enforce)
{
	struct enforce_result done;
	struct small_model small;
	struct enforce *next;

	small_model_init(&small);
	must(enforce_open(count_report, NULL, &next) == 0, "open");
	tap_is_int(enforce_apply(next, &small.model, &done), 0, "the next one takes over");
	tap_is_int((intmax_t)(done.added + done.deleted), 0, "without touching an element");
	tap_is_int(enforce_check(enforce), 0, "which the first finds right, too");
	tap_is_int(enforce_remove(next), 0, "it takes it all away");
	tap_ok(!run("nft list table inet tacet 2>/dev/null"), "table and all");
	tap_ok(!run("nft list table arp tacet 2>/dev/null"), "that of links as well");
	enforce_close(next);
}

/* Rules wait for a tunnel that is not there; settings follow once it is. */
static void test_late_tunnel(struct enforce *enforce)
{
	struct enforce_result done;
	struct small_model small;

	small_model_init(&small);
	tap_is_int(enforce_apply(enforce, &small.model, &done), 0, "rules without a tunnel");
	must(run("ip link add tacet0 type veth peer name far && ip link set tacet0 up"), "make it");
	tap_is_int(enforce_check(enforce), 2, "the tunnel comes: its settings are made");
	tap_ok(run("ip -6 route show table local | grep -q '::1 dev tacet0'"), "for ::1");
	tap_ok(run("grep -q 1 /proc/sys/net/ipv4/conf/tacet0/route_localnet"), "for 127.0.0.1");
	small.model.service_count = 0;
	small.model.grant_count = 0;
	tap_is_int(enforce_apply(enforce, &small.model, &done), 0, "without loopback targets");
	tap_ok(!run("ip -6 route show table local | grep -q '::1 dev tacet0'"), "no way to ::1");
	tap_ok(run("grep -q 0 /proc/sys/net/ipv4/conf/tacet0/route_localnet"), "nor 127.0.0.1");
}

int main(void)
{
	struct enforce *enforce;

	enforce_close(NULL);
	if (!namespace_enter() || !run("nft list ruleset")) {
		tap_skip("enforce", "no network namespace with nftables can be made here");
		return tap_done();
	}
	must(enforce_open(count_report, NULL, &enforce) == 0, "open");
	test_refused(enforce);
	test_unfit(enforce, "a set with room for two",
		"table inet tacet { set grants4 { type classid . ipv4_addr . inet_proto . "
		"inet_service; size 2; }; }");
	test_unfit(enforce, "a set of other elements",
		"table inet tacet { set roles4 { type mark; }; }");
	test_unfit(enforce, "a table that sleeps", "add table inet tacet { flags dormant; }");
	test_next(enforce);
	test_late_tunnel(enforce);
	enforce_close(enforce);
	return tap_done();
}
