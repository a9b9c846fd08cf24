/* SPDX-License-Identifier: ISC */
/*
 * What one gateway on a host of its own is to enforce: the services behind it, and of devices those
 * alone that may use one of them, so that it holds no key that it has no use for.
 */
#pragma once

#include "control/gatewayplan.h"
#include "controller/world.h"

/*
 * All but its netmap and version. ERR_RANGE: more of something than a gateway may have. Release by
 * gatewayplan_done(), either way.
 */
int gatewayplans_make(const struct world *world, const struct policy_compiled *compiled,
	const struct store_gateway *gateway, struct gatewayplan *ret_plan) must_check;
