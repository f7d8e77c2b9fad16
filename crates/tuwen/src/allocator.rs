//! The allocator of the programs: mimalloc, which gives nothing back to the system.
//!
//! A step allocates and frees the same large buffers again and again. By default mimalloc returns free pages after a while,
//! and the system clears each of them before it hands them out again: 6 to 10 % of a step on two cores.

/// The number of `mi_option_purge_delay` in mimalloc's list of options; the binding crate does not name it.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Lets mimalloc keep what is freed, for the rest of the process. Without effect where another allocator is in use.
#[allow(unsafe_code)]
pub(crate) fn keep_freed_memory() {
    // SAFETY: sets a number in a table that mimalloc reads atomically; any value is allowed, -1 means never.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(unsafe_code)]
    fn the_option_is_the_delay() {
        // SAFETY: reads a number.
        let delay = || unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        assert!(delay() == 10 || delay() == 1000 || delay() == -1, "mimalloc's own in versions 2 and 3: {}", delay());
        keep_freed_memory();
        assert_eq!(delay(), -1);
    }
}
