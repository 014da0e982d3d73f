/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a text is well-formed XML, as far as our own pages go: elements that nest, attributes
 * in quotation marks and each once, the five entities, the characters that XML allows, one
 * root.
 */
#ifndef ANALYZER_XML_TEST_H
#define ANALYZER_XML_TEST_H

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define XML_DEPTH      32
#define XML_ATTRIBUTES 24

struct xml {
	const char *text, *at;
	struct xml_name {
		const char *text;
		size_t size;
	} open[XML_DEPTH];
	size_t depth, roots;
};

static inline void xml_fail(const struct xml *xml, const char *problem)
{
	fail_msg("not well-formed at byte %zu, %s: %.60s", (size_t)(xml->at - xml->text),
		 problem, xml->at);
}

static inline struct xml_name xml_name(struct xml *xml)
{
	struct xml_name name = {.text = xml->at};

	if (!isalpha((unsigned char)*xml->at))
		xml_fail(xml, "expected a name");
	while (isalnum((unsigned char)*xml->at) || (*xml->at && strchr(":-_", *xml->at)))
		xml->at++;
	name.size = (size_t)(xml->at - name.text);
	return name;
}

static inline int xml_is_same(struct xml_name one, struct xml_name other)
{
	return one.size == other.size && !memcmp(one.text, other.text, one.size);
}

/* One character of text or of a value. */
static inline void xml_character(struct xml *xml)
{
	static const char *const entities[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"};
	const unsigned char *byte = (const unsigned char *)xml->at;

	if (*byte == '&') {
		for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
			if (!strncmp(xml->at, entities[i], strlen(entities[i]))) {
				xml->at += strlen(entities[i]);
				return;
			}
		}
		xml_fail(xml, "'&' begins no entity");
	}
	if (*byte == '<' || (*byte < 0x20 && *byte != '\n') || *byte == 0x7f ||
	    !memcmp(byte, "\xef\xbf\xbe", 3) || !memcmp(byte, "\xef\xbf\xbf", 3))
		xml_fail(xml, "a character that cannot stand here");
	if (*byte >= 0x80) {
		int more = *byte >= 0xf0 ? 3 : *byte >= 0xe0 ? 2 : *byte >= 0xc2 ? 1 : 0;

		for (int i = 1; i <= more; i++)
			if (byte[i] >> 6 != 2)
				more = 0;
		if (!more)
			xml_fail(xml, "no UTF-8");
		xml->at += more;
	}
	xml->at++;
}

static inline void xml_begin_tag(struct xml *xml)
{
	struct xml_name name = xml_name(xml), attributes[XML_ATTRIBUTES];
	size_t count = 0;

	while (*xml->at == ' ') {
		xml->at++;
		assert_true(count < XML_ATTRIBUTES);
		attributes[count] = xml_name(xml);
		for (size_t i = 0; i < count; i++)
			if (xml_is_same(attributes[i], attributes[count]))
				xml_fail(xml, "an attribute that stands twice");
		count++;
		if (strncmp(xml->at, "=\"", 2))
			xml_fail(xml, "expected =\"");
		xml->at += 2;
		while (*xml->at && *xml->at != '"')
			xml_character(xml);
		if (!*xml->at++)
			xml_fail(xml, "the end in a value");
	}
	if (!strncmp(xml->at, "/>", 2)) {
		xml->at += 2;
		return;
	}
	if (*xml->at != '>')
		xml_fail(xml, "expected >");
	xml->at++;
	assert_true(xml->depth < XML_DEPTH);
	xml->roots += !xml->depth;
	xml->open[xml->depth++] = name;
}

static inline void xml_end_tag(struct xml *xml)
{
	struct xml_name name = xml_name(xml);

	if (!xml->depth || !xml_is_same(name, xml->open[xml->depth - 1]) || *xml->at != '>')
		xml_fail(xml, "an end tag of another element");
	xml->depth--;
	xml->at++;
}

static inline void xml_expect(const char *text)
{
	struct xml xml = {.text = text, .at = text};

	if (!strncmp(xml.at, "<!DOCTYPE html>", 15))
		xml.at += 15;
	while (*xml.at) {
		if (!strncmp(xml.at, "</", 2)) {
			xml.at += 2;
			xml_end_tag(&xml);
		} else if (*xml.at == '<') {
			xml.at++;
			xml_begin_tag(&xml);
		} else if (xml.depth) {
			xml_character(&xml);
		} else if (*xml.at++ != '\n') {
			xml.at--;
			xml_fail(&xml, "text beside the root");
		}
	}
	if (xml.depth || xml.roots != 1)
		xml_fail(&xml, "expected one root that ends");
}

#endif
