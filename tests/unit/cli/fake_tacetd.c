/* SPDX-License-Identifier: ISC */
#include "cli/fake_tacetd.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	REQUEST_SIZE = 64 * 1024,
};

struct fake_tacetd {
	char path[108];
	int fd;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	const struct fake_answer *answers;
	unsigned answered;
	char asked[FAKE_ASKED_SIZE];
};

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* Whether all of the body that the head announces is there. */
static bool is_whole(const char *request, size_t size)
{
	const char *end = strstr(request, "\r\n\r\n");
	const char *length = strstr(request, "Content-Length: ");

	if (!end)
		return false;
	size_t body = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
	return (size_t)(end - request) + 4 + body <= size;
}

static void take_note(struct fake_tacetd *fake, const char *request)
{
	const char *body = strstr(request, "\r\n\r\n") + 4;
	size_t line = strcspn(request, "\r") - strlen(" HTTP/1.1");
	size_t used = strlen(fake->asked);

	(void)snprintf(fake->asked + used, sizeof fake->asked - used, "%.*s%s%s\n", (int)line,
		request, *body ? " " : "", body);
}

/* The answer that is due; an own one where none was prepared. */
static void answer(struct fake_tacetd *fake, int fd)
{
	static const struct fake_answer none = {599, "{\"message\": \"unexpected\"}"};
	const struct fake_answer *next = &none;

	if (fake->answers && fake->answered < FAKE_ANSWERS_MAX &&
		fake->answers[fake->answered].status != 0)
		next = &fake->answers[fake->answered++];
	const char *body = next->body ? next->body : "";
	demand(dprintf(fd,
		       "HTTP/1.1 %u X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
		       "Connection: close\r\n\r\n%s",
		       next->status, strlen(body), body) > 0);
}

static void serve(struct fake_tacetd *fake, int fd)
{
	char *request = calloc(1, REQUEST_SIZE);
	size_t size = 0;

	demand(request != NULL);
	while (!is_whole(request, size)) {
		ssize_t got = read(fd, request + size, REQUEST_SIZE - 1 - size);
		if (got <= 0) /* only looked whether somebody is here */
			break;
		size += (size_t)got;
	}
	if (is_whole(request, size)) {
		pthread_mutex_lock(&fake->lock);
		take_note(fake, request);
		answer(fake, fd);
		pthread_mutex_unlock(&fake->lock);
	}
	free(request);
}

static void *run(void *context)
{
	struct fake_tacetd *fake = context;

	for (;;) {
		int fd = accept(fake->fd, NULL, NULL);
		if (fd < 0) /* was shut down */
			return NULL;
		serve(fake, fd);
		(void)close(fd);
	}
}

struct fake_tacetd *fake_start(const char *path)
{
	struct fake_tacetd *fake = calloc(1, sizeof *fake);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	demand(fake && strlen(path) < sizeof address.sun_path);
	memcpy(fake->path, path, strlen(path));
	memcpy(address.sun_path, path, strlen(path));
	fake->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	demand(fake->fd >= 0);
	demand(bind(fake->fd, (struct sockaddr *)&address, sizeof address) == 0);
	demand(listen(fake->fd, 4) == 0);
	demand(pthread_mutex_init(&fake->lock, NULL) == 0);
	demand(pthread_create(&fake->thread, NULL, run, fake) == 0);
	return fake;
}

void fake_prepare(struct fake_tacetd *fake, const struct fake_answer answers[FAKE_ANSWERS_MAX])
{
	pthread_mutex_lock(&fake->lock);
	fake->answers = answers;
	fake->answered = 0;
	fake->asked[0] = '\0';
	pthread_mutex_unlock(&fake->lock);
}

const char *fake_asked(struct fake_tacetd *fake)
{
	pthread_mutex_lock(&fake->lock); /* the thread is done with the last answer then */
	pthread_mutex_unlock(&fake->lock);
	return fake->asked;
}

void fake_stop(struct fake_tacetd *fake)
{
	(void)shutdown(fake->fd, SHUT_RDWR);
	demand(pthread_join(fake->thread, NULL) == 0);
	(void)close(fake->fd);
	(void)unlink(fake->path);
	(void)pthread_mutex_destroy(&fake->lock);
	free(fake);
}
