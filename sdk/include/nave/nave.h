/* SPDX-License-Identifier: MIT
 *
 * All of Nave for a host program: libnave and the interfaces.
 */
#ifndef NAVE_NAVE_H
#define NAVE_NAVE_H

#include <nave/admin.h>
#include <nave/arm.h>
#include <nave/async.h>
#include <nave/atomic.h>
#include <nave/base.h>
#include <nave/blocking.h>
#include <nave/broadcast.h>
#include <nave/buf.h>
#include <nave/channel.h>
#include <nave/conf.h>
#include <nave/deadline.h>
#include <nave/error.h>
#include <nave/join.h>
#include <nave/exec.h>
#include <nave/here.h>
#include <nave/host.h>
#include <nave/http.h>
#include <nave/http_prepare.h>
#include <nave/iface.h>
#include <nave/interval.h>
#include <nave/join_all.h>
#include <nave/lock.h>
#include <nave/mpsc.h>
#include <nave/notify.h>
#include <nave/oneshot.h>
#include <nave/op.h>
#include <nave/option.h>
#include <nave/pin.h>
#include <nave/plugin.h>
#include <nave/role.h>
#include <nave/runtime.h>
#include <nave/scope.h>
#include <nave/select.h>
#include <nave/sim.h>
#include <nave/sleep.h>
#include <nave/stream.h>
#include <nave/stream_op.h>
#include <nave/task.h>
#include <nave/timeout.h>
#include <nave/timer.h>
#include <nave/watch.h>
#include <nave/worker.h>

#endif
