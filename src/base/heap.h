// The heap of a process that lives long.
#pragma once

namespace spoke {

// glibc's malloc keeps 7 freed chunks of each size at hand; a tree of JSON has hundreds. How many can be said only by
// the environment, before a program starts: this starts the program again, once, with it, in the same process. For
// servers, before they have begun anything. Returns where that is done, where the environment says otherwise, or where
// it cannot be.
void keep_small_chunks();

// Gives what is free in the middle of the heap back to the system: glibc itself does so at its end only, and one small
// object there keeps all of a burst. Takes a few milliseconds.
void release_free_memory();

}  // namespace spoke
