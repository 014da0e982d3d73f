/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds what looks secret in a process's arguments.
 *
 * Two looks are taken. The first goes over words, with the program in mind: `--token VALUE`,
 * `mysql -pVALUE`, `curl -u user:VALUE`. The second goes over the text of each word for
 * `name=value` and `name: value` with a secret name (options, variables, URL parameters, HTTP
 * headers, JSON), `scheme://user:VALUE@host` and `Bearer VALUE`. An argument with spaces in it
 * may be a shell command, so its own words are looked at as well, one level deep.
 *
 * In doubt a value is masked.
 */
#include "recorder/secrets.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct slice {
	const char *at;
	size_t size;
};

struct scan {
	const char *text;
	uint8_t *masked;
};

static struct slice slice_of(const char *begin, const char *end)
{
	return (struct slice){.at = begin, .size = end > begin ? (size_t)(end - begin) : 0};
}

static void mask(struct scan *scan, const char *begin, const char *end)
{
	if (end > begin)
		memset(scan->masked + (begin - scan->text), 1, (size_t)(end - begin));
}

static int equals(struct slice slice, const char *word)
{
	return slice.size == strlen(word) && !strncasecmp(slice.at, word, slice.size);
}

static int begins(struct slice slice, const char *word)
{
	return slice.size >= strlen(word) && !strncasecmp(slice.at, word, strlen(word));
}

static int ends(struct slice slice, const char *word)
{
	size_t size = strlen(word);

	return slice.size >= size && !strncasecmp(slice.at + slice.size - size, word, size);
}

static int contains(struct slice slice, const char *word)
{
	for (; slice.size; slice.at++, slice.size--)
		if (begins(slice, word))
			return 1;
	return 0;
}

static int one_of(struct slice slice, const char *const *words,
		  int (*test)(struct slice, const char *))
{
	for (; *words; words++)
		if (test(slice, *words))
			return 1;
	return 0;
}

/* --- names --- */

static struct slice last_part(struct slice name)
{
	const char *begin = name.at + name.size;

	while (begin > name.at && !strchr("-_.", begin[-1]))
		begin--;
	return slice_of(begin, name.at + name.size);
}

static int is_secret(struct slice name)
{
	static const char *const inside[] = {
		"password",    "passwd",     "passphrase", "secret",	    "token",
		"credential",  "apikey",     "api_key",	   "api-key",	    "accesskey",
		"access_key",  "access-key", "privatekey", "private_key",   "private-key",
		"authkey",     "auth_key",   "auth-key",   "authorization", "accountkey",
		"sharedkey",   "shared_key", "masterkey",  "master_key",    "encryption_key",
		"signing_key", NULL,
	};
	static const char *const last[] = {
		"pass", "pwd", "pw", "psk", "auth", "passin", "passout", "cookie", NULL,
	};
	static const char *const endings[] = {"pass", "pwd", NULL};
	/* About a secret, or where it is, but not the secret itself. */
	static const char *const harmless[] = {
		"file",	  "path",    "dir",  "url",    "uri",	  "stdin",  "env",
		"prompt", "ttl",     "type", "length", "timeout", "policy", "command",
		"bypass", "compass", "pwd",  "oldpwd", NULL,
	};

	if (!name.size || one_of(last_part(name), harmless, equals)) {
		/* PWD alone is the working directory, MYSQL_PWD is not. */
		return ends(name, "pwd") && name.size > 3 && !equals(name, "oldpwd");
	}
	return one_of(name, inside, contains) || one_of(last_part(name), last, equals) ||
	       one_of(name, endings, ends);
}

/* HTTP headers go on to the end of their line, spaces included. */
static int is_header(struct slice name)
{
	static const char *const headers[] = {"authorization", "proxy-authorization", "cookie",
					      "set-cookie", NULL};

	return one_of(name, headers, equals);
}

/* --- the text of a word --- */

static int in_name(char byte)
{
	return isalnum((uint8_t)byte) || byte == '_' || byte == '-' || byte == '.';
}

static const char *skip_spaces(const char *at, const char *end)
{
	while (at < end && isspace((uint8_t)*at))
		at++;
	return at;
}

/* Past a quote, also one that is escaped as in JSON within a string. */
static const char *skip_quote(const char *at, const char *end)
{
	if (at + 1 < end && at[0] == '\\' && (at[1] == '"' || at[1] == '\''))
		return at + 2;
	return at < end && (*at == '"' || *at == '\'') ? at + 1 : at;
}

static const char *find_any(const char *at, const char *end, const char *set)
{
	while (at < end && *at && !strchr(set, *at))
		at++;
	return at;
}

static const char *skip_scheme(const char *at, const char *end)
{
	static const char *const schemes[] = {"bearer", "basic",     "digest",
					      "token",	"negotiate", NULL};
	const char *space = find_any(at, end, " \t");

	if (space < end && one_of(slice_of(at, space), schemes, equals))
		return skip_spaces(space, end);
	return at;
}

/* Mask the value that begins at at; returns where it ends. */
static const char *mask_value(struct scan *scan, struct slice name, const char *at,
			      const char *end, int whole)
{
	const char *begin = skip_quote(at, end), *stop;
	char quote[] = {begin > at ? begin[-1] : 0, 0};

	if (is_header(name)) {
		begin = skip_scheme(begin, end);
		stop = find_any(begin, end, quote[0] ? quote : "\"'\r\n");
	} else if (quote[0]) {
		stop = find_any(begin, end, quote);
		if (stop > begin && stop[-1] == '\\')
			stop--;
	} else if (whole) {
		stop = end;
	} else {
		stop = find_any(begin, end, " \t\r\n\"'&;,}");
	}
	mask(scan, begin, stop);
	return stop;
}

/* at is behind "://". */
static void mask_user_information(struct scan *scan, const char *at, const char *end)
{
	const char *stop = find_any(at, end, "/?# \t\r\n\"'"), *sign = NULL, *colon;

	for (const char *look = at; look < stop; look++)
		if (*look == '@')
			sign = look;
	if (!sign)
		return;
	colon = find_any(at, sign, ":");
	if (colon < sign)
		mask(scan, colon + 1, sign);
	else if (sign - at >= 20) /* a token in the place of the user, not a name */
		mask(scan, at, sign);
}

/* whole: a value at the word's begin goes on to its end, whatever is in it. */
static void look_at_text(struct scan *scan, struct slice word, int whole)
{
	const char *end = word.at + word.size, *at = word.at, *name_end, *sign;

	while (at < end) {
		if (!isalnum((uint8_t)*at) && *at != '_') {
			at++;
			continue;
		}
		name_end = at;
		while (name_end < end && in_name(*name_end))
			name_end++;
		struct slice name = slice_of(at, name_end);
		int is_first = find_any(word.at, at, "/=:&? ") == at;

		sign = skip_spaces(skip_quote(name_end, end), end);
		if (equals(name, "bearer") && sign > name_end &&
		    find_any(sign, end, " \t\"'") - sign >= 16) {
			at = find_any(sign, end, " \t\"'");
			mask(scan, sign, at);
			continue;
		}
		at = name_end;
		if (sign >= end || (*sign != '=' && *sign != ':'))
			continue;
		if (end - sign > 3 && !memcmp(sign, "://", 3)) {
			mask_user_information(scan, sign + 3, end);
			at = sign + 3;
			continue;
		}
		/* image/secret:tag is no assignment. */
		if (*sign == ':' && sign == name_end && !is_first && sign + 1 < end &&
		    !isspace((uint8_t)sign[1]))
			continue;
		if (is_secret(name))
			at = mask_value(scan, name, skip_spaces(sign + 1, end), end,
					whole && is_first && *sign == '=');
	}
}

/* --- words --- */

enum option_form {
	ATTACHED,	 /* -pVALUE; without a value it asks for it */
	EITHER,		 /* -aVALUE or -a VALUE */
	AFTER_SEPARATOR, /* -u user:VALUE: what follows the separator is secret */
};

struct short_option {
	const char *program; /* names that begin like this */
	char letter;
	enum option_form form;
	char separator;
};

static const struct short_option short_options[] = {
	{"mysql", 'p', ATTACHED, 0},
	{"mariadb", 'p', ATTACHED, 0},
	{"sshpass", 'p', EITHER, 0},
	{"redis-cli", 'a', EITHER, 0},
	{"ldap", 'w', EITHER, 0},
	{"mongo", 'p', EITHER, 0},
	{"mosquitto_", 'P', EITHER, 0},
	{"sqlcmd", 'P', EITHER, 0},
	{"ipmitool", 'P', EITHER, 0},
	{"login", 'p', EITHER, 0},
	{"zip", 'P', EITHER, 0},
	{"unzip", 'P', EITHER, 0},
	{"7z", 'p', ATTACHED, 0},
	{"rar", 'p', ATTACHED, 0},
	{"unrar", 'p', ATTACHED, 0},
	{"snmp", 'A', EITHER, 0},
	{"snmp", 'X', EITHER, 0},
	{"snmp", 'c', EITHER, 0},
	{"curl", 'u', AFTER_SEPARATOR, ':'},
	{"curl", 'U', AFTER_SEPARATOR, ':'},
	{"smbclient", 'U', AFTER_SEPARATOR, '%'},
	{"lftp", 'u', AFTER_SEPARATOR, ','},
};

#define SHORT_OPTIONS (sizeof(short_options) / sizeof(short_options[0]))

/* What is known before the next word of a command. */
struct command {
	struct slice program;
	const struct short_option *pending; /* its value comes next */
	int secret_follows;
	int shell_follows; /* the word before was -c */
};

static struct slice base_name(struct slice word)
{
	const char *begin = word.at + word.size;

	while (begin > word.at && begin[-1] != '/')
		begin--;
	return slice_of(begin, word.at + word.size);
}

static void mask_by_form(struct scan *scan, const struct short_option *option,
			 struct slice value)
{
	const char set[] = {option->separator, 0}, *end = value.at + value.size;
	const char *begin = value.at;

	if (option->form == AFTER_SEPARATOR)
		begin = find_any(value.at, end, set) + 1;
	mask(scan, begin, end);
}

static int all_letters(struct slice word)
{
	for (size_t i = 0; i < word.size; i++)
		if (!isalpha((uint8_t)word.at[i]))
			return 0;
	return 1;
}

static void look_at_short_option(struct scan *scan, struct command *command, struct slice word)
{
	const struct short_option *option;

	for (size_t i = 0; i < SHORT_OPTIONS; i++) {
		option = &short_options[i];
		if (!begins(command->program, option->program))
			continue;
		if (word.at[1] == option->letter && word.size > 2) {
			mask_by_form(scan, option, slice_of(word.at + 2, word.at + word.size));
			return;
		}
		if (option->form != ATTACHED && word.at[word.size - 1] == option->letter &&
		    all_letters(slice_of(word.at + 1, word.at + word.size))) {
			command->pending = option;
			return;
		}
	}
}

static void look_at_option(struct scan *scan, struct command *command, struct slice word)
{
	static const struct short_option curl_user = {"curl", 0, AFTER_SEPARATOR, ':'};
	const char *end = word.at + word.size, *begin = word.at;
	struct slice name;

	while (begin < end && *begin == '-')
		begin++;
	name = slice_of(begin, find_any(begin, end, "="));
	if (name.at + name.size == end && is_secret(name) && !begins(name, "no-"))
		command->secret_follows = 1;
	else if (begins(command->program, "curl") &&
		 (equals(name, "user") || equals(name, "proxy-user")))
		command->pending = &curl_user;
	else if (begin == word.at + 1 && name.size)
		look_at_short_option(scan, command, word);
	command->shell_follows = begin == word.at + 1 && ends(word, "c") && all_letters(name);
}

static void look_at_name(struct command *command, struct slice word)
{
	struct slice name = base_name(word);

	if (!command->program.size || begins(command->program, "sshpass"))
		command->program = name;
	/* sudo, env and their like come before the program that counts. */
	for (size_t i = 0; i < SHORT_OPTIONS; i++)
		if (begins(name, short_options[i].program))
			command->program = name;
}

static void look_at_word(struct scan *scan, struct command *command, struct slice word,
			 int whole)
{
	const struct short_option *pending = command->pending;
	int secret = command->secret_follows;

	command->pending = NULL;
	command->secret_follows = command->shell_follows = 0;
	if (secret && !begins(word, "--")) {
		mask(scan, word.at, word.at + word.size);
		return;
	}
	if (pending) {
		mask_by_form(scan, pending, word);
		return;
	}
	if (word.size > 1 && word.at[0] == '-')
		look_at_option(scan, command, word);
	else
		look_at_name(command, word);
	look_at_text(scan, word, whole);
}

static void look_at_shell_text(struct scan *scan, struct slice text)
{
	const char *end = text.at + text.size, *at = text.at, *begin;
	struct command command = {0};
	char quote = 0;

	while (at < end) {
		if (strchr(";|&()\n", *at))
			command = (struct command){0};
		if (isspace((uint8_t)*at) || strchr(";|&()", *at)) {
			at++;
			continue;
		}
		for (begin = at, quote = 0; at < end; at++) {
			if (quote ? *at == quote : *at == '"' || *at == '\'')
				quote = quote ? 0 : *at;
			else if (!quote && (isspace((uint8_t)*at) || strchr(";|&()", *at)))
				break;
		}
		look_at_word(scan, &command, slice_of(begin, at), 0);
	}
}

void secrets_mark(const char *arguments, size_t size, uint8_t *masked)
{
	struct scan scan = {.text = arguments, .masked = masked};
	struct command command = {0};
	size_t length;

	for (size_t i = 0; i < size; i += length + 1) {
		length = strnlen(arguments + i, size - i);
		struct slice word = {.at = arguments + i, .size = length};
		int is_shell_text = command.shell_follows;

		look_at_word(&scan, &command, word, !is_shell_text);
		if (memchr(word.at, ' ', word.size))
			look_at_shell_text(&scan, word);
	}
}
