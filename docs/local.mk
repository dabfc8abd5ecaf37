# SPDX-License-Identifier: MIT

dist_man_MANS += \
	%D%/man/nave.1 \
	%D%/man/nave.7 \
	%D%/man/nave.json.5 \
	%D%/man/man3/nave_admin.3 \
	%D%/man/man3/nave_barrier.3 \
	%D%/man/man3/nave_arm.3 \
	%D%/man/man3/nave_async.3 \
	%D%/man/man3/nave_base.3 \
	%D%/man/man3/nave_blocking.3 \
	%D%/man/man3/nave_buf.3 \
	%D%/man/man3/nave_conf.3 \
	%D%/man/man3/nave_err.3 \
	%D%/man/man3/nave_future.3 \
	%D%/man/man3/nave_handlers.3 \
	%D%/man/man3/nave_host.3 \
	%D%/man/man3/nave_http.3 \
	%D%/man/man3/nave_http_handler.3 \
	%D%/man/man3/nave_http_prepare.3 \
	%D%/man/man3/nave_http_reply.3 \
	%D%/man/man3/nave_iface.3 \
	%D%/man/man3/nave_interval.3 \
	%D%/man/man3/nave_locks.3 \
	%D%/man/man3/nave_mutex.3 \
	%D%/man/man3/nave_notify.3 \
	%D%/man/man3/nave_once.3 \
	%D%/man/man3/nave_join_all.3 \
	%D%/man/man3/nave_op.3 \
	%D%/man/man3/nave_op_deadline.3 \
	%D%/man/man3/nave_option.3 \
	%D%/man/man3/nave_plugin.3 \
	%D%/man/man3/nave_protocol.3 \
	%D%/man/man3/nave_role.3 \
	%D%/man/man3/nave_runtime.3 \
	%D%/man/man3/nave_select.3 \
	%D%/man/man3/nave_sim.3 \
	%D%/man/man3/nave_rwlock.3 \
	%D%/man/man3/nave_semaphore.3 \
	%D%/man/man3/nave_sleep.3 \
	%D%/man/man3/nave_stream.3 \
	%D%/man/man3/nave_timeout.3 \
	%D%/man/man3/nave_timer.3 \
	%D%/man/man3/nave_transport.3 \
	%D%/man/man3/nave_worker.3
