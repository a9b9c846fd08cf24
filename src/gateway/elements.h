/* SPDX-License-Identifier: ISC */
/*
 * The elements of the sets and maps that say who reaches what, made from a model: pure, sorted, so
 * that two states are compared in one pass. Three questions, each for IPv4 and IPv6:
 *
 *   roles    address of a device                          → its role
 *   grants   role, virtual address, protocol, port        in it: granted
 *   targets  virtual address, protocol, port              → address and port of the target
 *
 * The gateway's own ports are granted like services; their target is they themselves.
 */
#pragma once

#include "gateway/model.h"
#include "net/nftset.h"

enum elements_set {
	ELEMENTS_ROLES4,
	ELEMENTS_ROLES6,
	ELEMENTS_GRANTS4,
	ELEMENTS_GRANTS6,
	ELEMENTS_TARGETS4,
	ELEMENTS_TARGETS6,
	ELEMENTS_SETS, /* how many there are */
};

/* How the kernel knows them. */
extern const struct nftset elements_sets[ELEMENTS_SETS];

/* Sorted by key, without doubles. */
struct elements_list {
	struct nftset_element *at;
	size_t count;
	size_t capacity;
};

/* Zero is empty. */
struct elements {
	struct elements_list lists[ELEMENTS_SETS];
};

/*
 * Makes the elements of a model. -EEXIST: two devices of one address, services of one virtual
 * address and port, roles of one number, or a grant twice; -ENOENT: a role or service that is not
 * there; ERR_RANGE: an address, port or number that cannot be; ERR_SYNTAX: the interface's name.
 * Release by elements_done().
 */
int elements_build(const struct model *model, struct elements *ret_elements) must_check;

/* Adds an element at the end; elements_sort() is to follow. */
void elements_append(
	struct elements *elements, enum elements_set set, const struct nftset_element *element);

/* Sorts all lists. -EEXIST: a key is there twice. */
int elements_sort(struct elements *elements) must_check;

void elements_done(struct elements *elements);

size_t elements_count(const struct elements *elements);

/* The element of the key; NULL: there is none. Data is not compared. */
const struct nftset_element *elements_find(
	const struct elements *elements, enum elements_set set, const struct nftset_element *key);

/* Keys, for elements_find(). */
struct nftset_element elements_device(const struct address *address);
struct nftset_element elements_endpoint(const struct address *vip, uint8_t protocol, uint16_t port);
struct nftset_element elements_grant(
	uint32_t role, const struct address *vip, uint8_t protocol, uint16_t port);

/* The role that an element of roles gives. */
uint32_t elements_role(const struct nftset_element *element);

/* Writes what an element of targets leads to into its data. */
void elements_lead(struct nftset_element *element, const struct address *target, uint16_t port);

enum elements_change {
	ELEMENTS_DELETE,
	ELEMENTS_ADD,
};

/* Called for each element that differs. */
typedef void elements_visit(void *context, enum elements_set set, enum elements_change change,
	const struct nftset_element *element);

/* Visits what leads from one state to another: all that go, then all that come. How many. */
size_t elements_compare(const struct elements *from, const struct elements *to,
	elements_visit *visit, void *context);

enum {
	ELEMENT_TEXT_SIZE = 160, /* three addresses would fit */
};

/* Writes an element as nft(8) has it, "0:1 . 10.8.0.1 . tcp . 80"; returns ret_text. */
char *element_format(enum elements_set set, const struct nftset_element *element,
	char ret_text[static ELEMENT_TEXT_SIZE]);
