/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SELECT * FROM fingerprint_rate('ip_identification,network_bytes', 'width=32'): how often a
 * fingerprint, a published recipe by its name, or each recipe when none is named, would take a
 * new packet for one that it knows, at 0.1 to 100 million packets a second and for windows of
 * 1 ms to 2 s; calculated, and replayed with dice.
 *
 * Packets are looked at where they were first seen: what a path changes is for fingerprint().
 */
#include "analyzer/models/choice.h"
#include "analyzer/models/fingerprint_rows.h"
#include "analyzer/models/options.h"
#include "analyzer/models/rate.h"
#include "analyzer/models/truth.h"
#include "analyzer/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static const double packets_per_s[] = {1e5, 3e5, 1e6, 3e6, 1e7, 3e7, 1e8};

#define RATES (sizeof(packets_per_s) / sizeof(packets_per_s[0]))

struct chosen {
	struct choice_shape shape;
	uint64_t sightings, truth, trials, seed;
};

#define OPTION(name, kind, member, ...)                                  \
	{                                                                \
		name, kind, offsetof(struct chosen, member), __VA_ARGS__ \
	}

static const struct option options[] = {
	OPTION("function", OPTION_WORD, shape.function, 0, 0, digest_function_names),
	OPTION("width", OPTION_COUNT, shape.width, 1, 64, NULL),
	OPTION("entries", OPTION_COUNT, shape.entries, 0, 1U << 26, NULL),
	OPTION("sightings", OPTION_COUNT, sightings, 1, UINT32_MAX, NULL),
	OPTION("truth", OPTION_WORD, truth, 0, 0, truth_source_names),
	OPTION("trials", OPTION_COUNT, trials, 1, 100000000, NULL),
	OPTION("seed", OPTION_COUNT, seed, 0, UINT64_MAX, NULL),
};

/* --- the packets of a recording --- */

struct packets {
	struct rate_packet *rows;
	size_t count, room;
};

static int reserve(struct packets *packets, size_t more)
{
	size_t room = packets->room ? packets->room : REPLAY_ROWS;
	struct rate_packet *rows;

	while (room - packets->count < more)
		room *= 2;
	if (room == packets->room)
		return 0;
	rows = realloc(packets->rows, room * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	packets->rows = rows;
	packets->room = room;
	return 0;
}

static int is_identification(const struct digest_field *field)
{
	return field->column ==
	       (unsigned int)stream_column(stream_get(STREAM_PACKET), "ip_identification");
}

/* The content: all fields but the identification, in full. Returns whether that was one. */
static int take_content(const struct digest *whole, struct digest *content)
{
	size_t count = 0;

	*content = *whole;
	content->function = DIGEST_XXH3;
	content->width = 64;
	for (size_t i = 0; i < whole->field_count; i++) {
		const struct digest_field *field = &whole->fields[i];

		if (is_identification(field))
			continue;
		content->fields[count] = *field;
		/* Of what was left out, it is no alternative any more. */
		if (field->is_alternative && is_identification(&field[-1]))
			content->fields[count].is_alternative = field[-1].is_alternative;
		count++;
	}
	content->field_count = count;
	return count < whole->field_count;
}

struct reading {
	struct sighting_reader *reader;
	struct truth truth;
	struct digest content;
	uint64_t digests[REPLAY_ROWS];
};

static int read_block(struct reading *reading, const struct sightings *sightings,
		      struct packets *packets)
{
	const union column_values *values[DIGEST_FIELDS];

	for (size_t i = 0; i < reading->content.field_count; i++)
		values[i] = sighting_extra(reading->reader, i);
	if (truth_resolve(&reading->truth, sightings) || reserve(packets, sightings->count))
		return -ENOMEM;
	digest_rows(&reading->content, values, sightings->count, reading->digests);
	for (uint32_t i = 0; i < sightings->count; i++) {
		const struct truth_packet *packet = reading->truth.packet[i];

		if (!packet || reading->truth.change[i] != CHANGE_FIRST)
			continue;
		packets->rows[packets->count++] = (struct rate_packet){
			.content = reading->digests[i],
			.flow = packet->flow,
			.time_ns = sightings->column[SIGHTING_TIME][i],
			.identification = (uint32_t)sightings->column[SIGHTING_IP_ID][i],
		};
	}
	return 0;
}

static int read_all(struct reading *reading, uint64_t most, struct packets *packets)
{
	const struct sightings *sightings;
	uint64_t seen = 0;
	int error;

	while (seen < most && !(error = sighting_next(reading->reader, &sightings))) {
		error = read_block(reading, sightings, packets);
		if (error)
			return error;
		seen += sightings->count;
	}
	return seen >= most || error == -ENODATA ? 0 : error;
}

/* -ENODATA where no packet is known. */
static int measure(struct recording *recording, const char *recording_id,
		   const struct chosen *chosen, const struct digest *digest, struct rate **out)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	const char *names[DIGEST_FIELDS];
	struct packets packets = {0};
	int error, has_identification;

	if (!reading)
		return -ENOMEM;
	has_identification = take_content(digest, &reading->content);
	for (size_t i = 0; i < reading->content.field_count; i++)
		names[i] = stream_get(STREAM_PACKET)
				   ->columns[reading->content.fields[i].column]
				   .name;
	error = truth_init(&reading->truth, (enum truth_source)chosen->truth, SIGHTING_WHOLE);
	if (!error)
		error = sighting_open(recording, recording_id, SIGHTING_WHOLE, names,
				      reading->content.field_count, &reading->reader);
	if (!error)
		error = read_all(reading, chosen->sightings, &packets);
	if (!error)
		error = rate_measure(packets.rows, packets.count, has_identification, out);
	free(packets.rows);
	truth_clear(&reading->truth);
	sighting_close(reading->reader);
	free(reading);
	return error;
}

/* --- rows --- */

struct place {
	struct model_rows *rows;
	const struct chosen *chosen;
	const char *recording_id, *recipe, *fields;
	const struct fingerprint *fingerprint;
	const struct rate *rate;
};

static void put_fingerprint(const struct place *place)
{
	const struct fingerprint *fingerprint = place->fingerprint;

	model_put_text(place->rows, place->recording_id);
	model_put_text(place->rows, place->recipe);
	model_put_text(place->rows, place->fields);
	model_put_text(place->rows, digest_function_names[fingerprint->digest.function]);
	model_put_integer(place->rows, fingerprint->digest.width);
	if (fingerprint->entries)
		model_put_integer(place->rows, fingerprint->entries);
	else
		model_put_real(place->rows, NAN);
}

static void put_measured(const struct place *place, double rate)
{
	const struct rate_summary *summary = &place->rate->summary;
	struct model_rows *rows = place->rows;

	model_put_integer(rows, summary->packets);
	model_put_real(rows, summary->packets_per_s);
	model_put_real(rows, rate / summary->packets_per_s);
	model_put_real(rows, summary->equal);
	model_put_real(rows, summary->content);
	model_put_real(rows, ldexp(1, -(int)place->fingerprint->digest.width));
	model_put_integer(rows, summary->repeats);
	model_put_real(rows, summary->repeat_ns[0]);
	model_put_real(rows, summary->repeat_ns[1]);
	model_put_integer(rows, summary->counters);
	model_put_real(rows, summary->counters
				     ? RATE_IDENTIFICATIONS * 1e9 / (rate * summary->counter)
				     : NAN);
}

static void put_row(const struct place *place, double rate, uint64_t window_ns)
{
	const struct chosen *chosen = place->chosen;
	unsigned int width = place->fingerprint->digest.width;
	double window = rate * (double)window_ns / 1e9, low, high;
	struct model_rows *rows = place->rows;
	struct rate_error expected;
	uint64_t dismissed;

	if (place->fingerprint->entries)
		window = fmin(window, place->fingerprint->entries);
	expected = rate_calculate(place->rate, window, width);
	dismissed = rate_replay(place->rate, window, width, chosen->trials, chosen->seed);
	statistics_wilson((double)dismissed, (double)chosen->trials, 0.95, &low, &high);
	put_fingerprint(place);
	model_put_real(rows, rate);
	model_put_integer(rows, window_ns);
	model_put_real(rows, window);
	model_put_real(rows, expected.structural);
	model_put_real(rows, expected.digest);
	model_put_real(rows, expected.either);
	model_put_integer(rows, chosen->trials);
	model_put_integer(rows, dismissed);
	model_put_real(rows, (double)dismissed / (double)chosen->trials);
	model_put_real(rows, low);
	model_put_real(rows, high);
	put_measured(place, rate);
}

static int run_one(struct recording *recording, const struct place *given)
{
	struct place place = *given;
	struct fingerprint windows;
	struct rate *rate = NULL;
	int error = measure(recording, place.recording_id, place.chosen,
			    &place.fingerprint->digest, &rate);

	if (error)
		return error == -ENODATA ? 0 : error;
	place.rate = rate;
	fingerprint_all_windows(&windows);
	for (size_t i = 0; i < RATES; i++)
		for (size_t j = 0; j < windows.window_count; j++)
			put_row(&place, packets_per_s[i], windows.windows[j]);
	rate_free(rate);
	return 0;
}

static int run(struct recording *recording, const char *recording_id,
	       const char *const *arguments, struct model_rows *rows, char **problem)
{
	struct chosen chosen = {
		.shape.width = 64, .sightings = 1000000, .trials = 10000, .seed = 1};
	struct choice *choice = calloc(1, sizeof(*choice));
	int error = -ENOMEM;

	if (choice)
		error = options_parse(arguments[1], options,
				      sizeof(options) / sizeof(options[0]), &chosen, problem);
	if (!error)
		error = choice_make(choice, arguments[0], &chosen.shape, problem);
	for (size_t i = 0; !error && i < choice->count; i++) {
		const struct place place = {
			.rows = rows,
			.chosen = &chosen,
			.recording_id = recording_id,
			.recipe = choice->recipes[i] ? choice->recipes[i]->name : NULL,
			.fields = choice->fields[i],
			.fingerprint = &choice->fingerprints[i],
		};

		error = run_one(recording, &place);
	}
	free(choice);
	return error;
}

const struct model rate_table_model = {
	.name = "fingerprint_rate",
	.columns =
		"recipe TEXT, fields TEXT, function TEXT, width_bits INTEGER, "
		"table_entries INTEGER, packets_per_s REAL, window_ns INTEGER, "
		"window_packets REAL, calculated_structural REAL, calculated_digest REAL, "
		"calculated_error REAL, trials INTEGER, dismissed INTEGER, replayed_error REAL, "
		"replayed_low REAL, replayed_high REAL, packets INTEGER, "
		"measured_packets_per_s REAL, times_faster REAL, equal_pairs REAL, "
		"equal_content_pairs REAL, equal_digest_pairs REAL, repeats INTEGER, "
		"repeat_least_ns REAL, repeat_median_ns REAL, id_counters INTEGER, "
		"knee_window_ns REAL",
	.arguments = "fingerprint TEXT, options TEXT",
	.needs_packets = 1,
	.run = run,
};
