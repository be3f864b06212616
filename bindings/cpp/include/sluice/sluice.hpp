// SPDX-License-Identifier: Apache-2.0
//
// sluice/sluice.hpp - Sluice for C++17 and later: headers alone over <sluice/sluice.h> and <sluice/ring.h>.
//
//   cpp/error.hpp      status, error, result: how calls report
//   cpp/view.hpp       view, packet, batch: packets seen in place
//   cpp/options.hpp    options as plain structs, and their enumerations
//   cpp/layout.hpp     layout: what is in a packet; layout_of: the same from a struct, without a macro
//   cpp/text.hpp       formatter, hex: packets as text in memory
//   cpp/file.hpp       packet_file: reading back what a file sink wrote
//   cpp/producer.hpp   producer, claim, record_claim: the inline way in
//   cpp/ring.hpp       ring, consumer: packets between threads and processes without the library
//   cpp/sink.hpp       sink: a look at where packets go
//   cpp/taking.hpp     pop, peek, take of a buffer
//   cpp/buffer.hpp     buffer: where packets wait, and when and where they go
//   cpp/library.hpp    which library runs, and its end
//
// In a nutshell:
//
//   struct event { std::uint32_t sequence; float volts; };
//
//   auto layout = sluice::layout_of<event>(sluice::field("sequence", &event::sequence),
//                                          sluice::field("volts", &event::volts).unit("V").format("%.3f"));
//   sluice::buffer_options options;
//   options.layout = &layout;
//   options.release_packets = 1000;
//   sluice::buffer buffer(options);
//   buffer.add_file_sink({"data.dat"});
//   buffer.start();
//   while (next(event)) buffer.put(event);
//   buffer.close();                                       // writes the rest, or throws
//
// Ownership  layout, formatter, buffer, producer, ring, consumer and claims own what they stand for and can be moved, not
//            copied. A moved-from or default-made one is empty: it converts to false, and its calls answer E_HANDLE. Views
//            (view, packet, batch, sink, snapshot) are small, can be copied and own nothing.
// Errors     A call throws sluice::error, with the code and the engine's text. Its twin try_... is noexcept and returns a
//            sluice::status or a sluice::result instead; "not now" (positive statuses) comes from twins as a status, from
//            the others as the bool, optional or count that each one tells. Without exceptions (-fno-exceptions) what would be
//            thrown is printed and std::abort is called; twins work as ever.
// Threading  as in sluice.h: any thread may call a buffer, a layout, a formatter or a sink; one thread at a time uses a
//            producer, a consumer or a claim. Creating, moving and destroying an object is for one thread.
// Callables  given to a buffer are moved into it and live until it ends. They run on the thread that releases, must not call
//            into the buffer, and what they throw becomes the fault E_CALLBACK: it is reported, the data is kept.
#ifndef SLUICE_SLUICE_HPP
#define SLUICE_SLUICE_HPP

#include "cpp/buffer.hpp"
#include "cpp/error.hpp"
#include "cpp/file.hpp"
#include "cpp/layout.hpp"
#include "cpp/layout_of.hpp"
#include "cpp/library.hpp"
#include "cpp/options.hpp"
#include "cpp/producer.hpp"
#include "cpp/ring.hpp"
#include "cpp/sink.hpp"
#include "cpp/taking.hpp"
#include "cpp/text.hpp"
#include "cpp/view.hpp"

#endif
