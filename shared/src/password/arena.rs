//! The memory argon2 works in, kept for the life of the environment.
//!
//! With a fresh 19 MiB buffer a call, glibc raises its mmap threshold and lets the process grow by one
//! buffer a login.

use std::sync::{Mutex, PoisonError};

use argon2::Block;

static ARENA: Mutex<Vec<Block>> = Mutex::new(Vec::new());

/// Runs `work` on `count` blocks. One caller at a time; the arena only ever grows to the largest size
/// asked for.
pub(super) fn with_blocks<T>(count: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
    // argon2 overwrites every block before it reads it: a caller that panicked leaves nothing to mind.
    let mut arena = ARENA.lock().unwrap_or_else(PoisonError::into_inner);
    if arena.len() < count {
        arena.resize(count, Block::new());
    }
    work(&mut arena[..count])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bug_47_every_hash_uses_the_same_memory() {
        let address = |count| with_blocks(count, |blocks| blocks.as_ptr() as usize);
        let first = address(19_456);
        assert_eq!(first, address(19_456));
        assert_eq!(first, address(8));
    }
}
