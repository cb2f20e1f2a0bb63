//! Random bytes from the operating system.

use ring::rand::{SecureRandom, SystemRandom};

/// `N` random bytes that nobody can guess.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
