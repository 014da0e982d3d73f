/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of container ids in cgroup paths, as runtimes and systemd make them.
 */
#include "recorder/container.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID    "4c01db0b339c2a6a6d0b2f3f1b3f5f3bd9bde0c6ef6ed4ac1f6b0f5ad0f3b7aa"
#define OTHER "b7c0a9d1e2f3405162738495a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f"
#define POD   "2f48a88e_a3dc_4b5b_9c22_c5b2d0a0e2a1"
#define UID   "2f48a88e-a3dc-4b5b-9c22-c5b2d0a0e2a1"
#define TASK  "c00f62c846f840a2b6f0a0fbf1d0c8f8"

struct line {
	const char *path, *id, *runtime;
};

static void expect(const struct line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct container container = {"", NULL};
		int found = container_of_path(lines[i].path, &container);

		if (found != (lines[i].id != NULL) ||
		    strcmp(container.id, lines[i].id ? lines[i].id : "") ||
		    strcmp(container.runtime ? container.runtime : "",
			   lines[i].runtime ? lines[i].runtime : ""))
			fail_msg("%s: %s of %s", lines[i].path, container.id,
				 container.runtime ? container.runtime : "no runtime");
	}
}

#define EXPECT(lines) expect(lines, sizeof(lines) / sizeof(lines[0]))

static void containers_of_every_runtime_are_found(void **state)
{
	static const struct line lines[] = {
		{"/docker/" ID, ID, "docker"},
		{"/system.slice/docker-" ID ".scope", ID, "docker"},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/docker-" ID ".scope",
		 ID, "docker"},
		{"/actions_job/" ID, ID, NULL},
		{"/default/" ID, ID, NULL},
		{"/system.slice/nerdctl-" ID ".scope", ID, "containerd"},
		{"/k8s.io/" ID, ID, "containerd"},
		{"/machine.slice/libpod-" ID ".scope", ID, "podman"},
		{"/machine.slice/libpod-" ID ".scope/container", ID, "podman"},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID
		 ".scope/container",
		 ID, "podman"},
		{"/libpod_parent/libpod-" ID, ID, "podman"},
		{"/system.slice/web.service/libpod-payload-" ID, ID, "podman"},
		{"/machine.slice/machine-libpod_pod_" OTHER ".slice/libpod-" ID ".scope", ID,
		 "podman"},
		{"/ecs/" TASK "/" ID, ID, NULL},
		{"/ecs/" TASK "/" TASK "-4173801403", TASK "-4173801403", NULL},
		{"/ecs.slice/ecstasks-" TASK ".slice/docker-" ID ".scope", ID, "docker"},
		{"/garden/6c5a8d4e-7e3b-4a5f-5c1d-9f2b", "6c5a8d4e-7e3b-4a5f-5c1d-9f2b",
		 "garden"},
		{"/system.slice/garden.service/garden/6c5a8d4e-7e3b-4a5f-5c1d-9f2b/init",
		 "6c5a8d4e-7e3b-4a5f-5c1d-9f2b", "garden"},
		{"/lxc/web-1", "web-1", "lxc"},
		{"/lxc/101/ns/system.slice/nginx.service", "101", "lxc"},
		{"/lxc.payload/web-1/init.scope", "web-1", "lxc"},
		{"/lxc.payload.web-1", "web-1", "lxc"},
		{"/lxc.payload.web-1/system.slice/nginx.service", "web-1", "lxc"},
		{"/machine.slice/machine-debian.scope", "debian", "systemd-nspawn"},
		{"/machine.slice/machine-web\\x2d1.scope/payload/init.scope", "web-1",
		 "systemd-nspawn"},
		{"/machine.slice/systemd-nspawn@debian.service/payload/system.slice/a.service",
		 "debian", "systemd-nspawn"},
		{"/machine.slice/machine-lxc\\x2d4711\\x2dweb.scope", "lxc-4711-web",
		 "libvirt-lxc"},
	};

	EXPECT(lines);
}

static void containers_of_pods_are_found_with_either_driver(void **state)
{
	static const struct line lines[] = {
		{"/kubepods/pod" UID "/" ID, ID, NULL},
		{"/kubepods/besteffort/pod" UID "/" ID, ID, NULL},
		{"/kubepods/burstable/pod" TASK "/" ID, ID, NULL},
		{"/kubepods/burstable/pod" UID "/crio-" ID, ID, "cri-o"},
		{"/kubepods.slice/kubepods-pod" POD ".slice/cri-containerd-" ID ".scope", ID,
		 "containerd"},
		{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" POD
		 ".slice/cri-containerd-" ID ".scope",
		 ID, "containerd"},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD
		 ".slice/crio-" ID ".scope",
		 ID, "cri-o"},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD
		 ".slice/crio-" ID ".scope/container/init.scope",
		 ID, "cri-o"},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD
		 ".slice/docker-" ID ".scope",
		 ID, "docker"},
		{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" POD
		 ".slice/cri-containerd-" ID ".scope",
		 ID, "containerd"},
		{"/system.slice/containerd.service/kubepods-besteffort-pod" POD
		 ".slice:cri-containerd:" ID,
		 ID, "containerd"},
		{"/docker/" OTHER "/kubelet/kubepods/besteffort/pod" UID "/" ID, ID, NULL},
	};

	EXPECT(lines);
}

static void the_deepest_container_counts(void **state)
{
	static const struct line lines[] = {
		{"/docker/" OTHER "/docker/" ID, ID, "docker"},
		{"/docker/" ID "/docker/f" OTHER, ID, "docker"},
		{"/docker/" OTHER "/system.slice/docker-" ID ".scope/init.scope", ID, "docker"},
		{"/lxc.payload.outer/lxc.payload.inner/init.scope", "inner", "lxc"},
		{"/lxc/outer/docker/" ID, ID, "docker"},
		/* A monitor in a container is a process of that one. */
		{"/docker/" ID "/libpod_parent/libpod-conmon-" OTHER, ID, "docker"},
	};

	EXPECT(lines);
}

static void pods_monitors_and_virtual_machines_are_no_containers(void **state)
{
	static const struct line lines[] = {
		{"/kubepods.slice/kubepods-pod" POD ".slice", NULL, NULL},
		{"/kubepods/besteffort/pod" UID, NULL, NULL},
		{"/kubepods/burstable/pod" TASK, NULL, NULL},
		{"/kubepods/" UID, NULL, NULL},
		{"/kubepods.slice/kubepods-pod" POD ".slice/crio-conmon-" ID ".scope", NULL,
		 NULL},
		{"/system.slice/crio-conmon-" ID ".scope", NULL, NULL},
		{"/kubepods/burstable/pod" UID "/crio-conmon-" ID, NULL, NULL},
		{"/machine.slice/libpod-conmon-" ID ".scope", NULL, NULL},
		{"/libpod_parent/libpod-conmon-" ID, NULL, NULL},
		{"/libpod_parent/libpod_pod_" ID, NULL, NULL},
		{"/machine.slice/machine-libpod_pod_" ID ".slice", NULL, NULL},
		{"/lxc.monitor/web-1", NULL, NULL},
		{"/lxc.monitor.web-1", NULL, NULL},
		{"/lxc", NULL, NULL},
		{"/lxc.payload", NULL, NULL},
		{"/machine.slice", NULL, NULL},
		{"/machine.slice/machine-debian.scope/supervisor", NULL, NULL},
		{"/machine.slice/systemd-nspawn@debian.service/supervisor", NULL, NULL},
		{"/machine.slice/machine-qemu\\x2d1\\x2dweb.scope", NULL, NULL},
		{"/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/libvirt/emulator", NULL,
		 NULL},
		{"/ecs/" TASK, NULL, NULL},
		{"/ecs.slice/ecstasks-" TASK ".slice", NULL, NULL},
	};

	EXPECT(lines);
}

static void services_sessions_and_scopes_are_no_containers(void **state)
{
	static const struct line lines[] = {
		{"", NULL, NULL},
		{"/", NULL, NULL},
		{"/init.scope", NULL, NULL},
		{"/system.slice/ssh.service", NULL, NULL},
		{"/system.slice/docker.service", NULL, NULL},
		{"/system.slice/containerd.service", NULL, NULL},
		{"/system.slice/system-getty.slice/getty@tty1.service", NULL, NULL},
		{"/system.slice/" ID ".service", NULL, NULL},
		{"/system.slice/" ID "-5d6e7f8091a2b3c4.service", NULL, NULL},
		{"/system.slice/" ID ".timer", NULL, NULL},
		{"/system.slice/var-lib-docker-overlay2-" ID "-merged.mount", NULL, NULL},
		{"/system.slice/run-u1234.scope", NULL, NULL},
		{"/system.slice/run-u1234.service", NULL, NULL},
		{"/system.slice/run-r" TASK ".scope", NULL, NULL},
		{"/system.slice/run-p1234-i5678.scope", NULL, NULL},
		{"/user.slice/user-1000.slice/session-3.scope", NULL, NULL},
		{"/user.slice/user-1000.slice/session-c2.scope", NULL, NULL},
		{"/user.slice/user-1000.slice/user@1000.service/init.scope", NULL, NULL},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/"
		 "app-gnome-firefox-4711.scope",
		 NULL, NULL},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome."
		 "Terminal.slice/vte-spawn-" UID ".scope",
		 NULL, NULL},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/"
		 "snap.docker.dockerd." UID ".scope",
		 NULL, NULL},
	};

	EXPECT(lines);
}

static void digits_must_be_as_many_as_an_id_has(void **state)
{
	static const struct line lines[] = {
		{"/docker/0" ID, NULL, NULL},
		{"/docker/" ID "0", NULL, NULL},
		{"/docker/" ID "z", NULL, NULL},
		{"/docker/z" ID, NULL, NULL},
		{"/docker/-" ID, ID, NULL},
		{"/system.slice/docker-0" ID ".scope", NULL, NULL},
		{"/docker/" TASK, NULL, NULL},
		{"/docker/4C01DB0B339C2A6A6D0B2F3F1B3F5F3BD9BDE0C6EF6ED4AC1F6B0F5AD0F3B7AA",
		 NULL, NULL},
		{"/ecs/" TASK "-", NULL, NULL},
		{"/ecs/" TASK "-12ab", NULL, NULL},
		{"/ecs/" TASK "-123456789012345678901", NULL, NULL},
		{"/ecs/x" TASK "-12", NULL, NULL},
		{"/garden/6c5a8d4e-7e3b-4a5f-5c1d-9f2", NULL, NULL},
		{"/garden/6c5a8d4e-7e3b-4a5f-5c1d-9f2b0", NULL, NULL},
		{"/garden/6c5a8d4e-7e3b-4a5f-5c1d_9f2b", NULL, NULL},
		{"/lxc/" ID "0", NULL, NULL}, /* longer than a name can be */
		{"/machine.slice/machine-.scope", NULL, NULL},
		{"/machine.slice/machine-" ID "0.scope", NULL, NULL},
	};

	EXPECT(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_of_every_runtime_are_found),
		cmocka_unit_test(containers_of_pods_are_found_with_either_driver),
		cmocka_unit_test(the_deepest_container_counts),
		cmocka_unit_test(pods_monitors_and_virtual_machines_are_no_containers),
		cmocka_unit_test(services_sessions_and_scopes_are_no_containers),
		cmocka_unit_test(digits_must_be_as_many_as_an_id_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
