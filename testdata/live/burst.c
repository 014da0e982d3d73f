/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts a program many times, one after the other, each as a process of its own.
 *
 *   burst COUNT PROGRAM [ARGUMENT]...
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words)
{
	int failures = 0;

	if (count < 3) {
		fprintf(stderr, "usage: burst COUNT PROGRAM [ARGUMENT]...\n");
		return 64;
	}
	for (int left = atoi(words[1]); left > 0; left--) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			execv(words[2], words + 2);
			perror(words[2]);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			failures++;
	}
	if (failures)
		fprintf(stderr, "burst: %d of %s failed\n", failures, words[1]);
	return failures ? 1 : 0;
}
