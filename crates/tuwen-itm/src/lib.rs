//! Image or video–text matching: tell a true pair from a shuffled one.
