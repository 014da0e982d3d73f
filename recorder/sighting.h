/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sightings: from the kernel's events, or the frames of a capture, to rows of the stream
 * packet.
 */
#ifndef RECORDER_SIGHTING_H
#define RECORDER_SIGHTING_H

#include "recorder/packet.h"
#include "schema/stream.h"

/*
 * The row of an event, but for its time and its sampling rate. Texts are constants. What the
 * event's bytes do not hold is 0.
 */
void sighting_row(const struct sighting_event *event, struct packet_row *row);

/*
 * The event of a captured frame, as packet_parse found it: no more than its bytes tell, so
 * which packet it is remains unknown. The interface is that of the packet, else the given one.
 */
void sighting_of_frame(const struct packet *packet, const uint8_t *frame,
		       uint32_t interface_index, struct sighting_event *event);

#endif
