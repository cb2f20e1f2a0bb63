//! The Python strings of member names and of recent claims, so that they are created only once.

use std::cell::RefCell;
use std::sync::Mutex;
use std::{iter, mem};

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::Unusual;
use super::ascii::ascii_string;
use super::plain::plain_len;
use crate::claims::Claim;

/// Member names recur from token to token, so the Python strings of short ones are kept with their
/// hash computed: there is one slot per hash value, and a new name replaces the old one. The names
/// recur in the same order too, so each slot records which slot came next the last time. There is
/// one cache per thread, which needs no lock on any build of Python.
pub(super) struct NameCache {
    pub(super) slots: Vec<Slot>,
    /// The slot of the previous name.
    pub(super) last: usize,
    /// The slot of the name that is expected next.
    expected: usize,
}

#[derive(Default)]
pub(super) struct Slot {
    pub(super) known: Option<KnownName>,
    /// The slot of the name that came next the last time.
    next: usize,
}

pub(super) struct KnownName {
    text: ShortName,
    pub(super) len: usize,
    pub(super) string: Py<PyString>,
    pub(super) claim: Option<Claim>,
    /// The newest value of `iss` or `aud`.
    pub(super) value: KeptValue,
}

impl KnownName {
    /// Releases the references now, not when `PyO3` next knows that a thread is attached
    /// (vectorcall.rs).
    fn release(self, py: Python<'_>) {
        drop((self.string.into_bound(py), self.value.string.map(|string| string.into_bound(py))));
    }
}

/// A value that is likely to recur.
#[derive(Default)]
pub(super) struct KeptValue {
    string: Option<Py<PyString>>,
    /// ASCII without escapes, as in the JSON text.
    text: String,
}

impl KeptValue {
    /// The maximum length of a value that is kept.
    pub(super) const MAX_LEN: usize = 256;

    /// Returns the value and its text in `json`, if `json` begins with it and a closing quote.
    pub(super) fn find<'a, 'py>(
        &self,
        py: Python<'py>,
        json: &'a [u8],
    ) -> Option<(Bound<'py, PyString>, &'a str)> {
        let string = self.string.as_ref()?;
        let kept = self.text.as_bytes();
        let is_same = json.get(kept.len()) == Some(&b'"') && json.starts_with(kept);
        // SAFETY: the bytes are equal to those of a `String`.
        let text = is_same.then(|| unsafe { str::from_utf8_unchecked(&json[..kept.len()]) })?;
        Some((string.bind(py).clone(), text))
    }

    pub(super) fn replace(&mut self, value: &Bound<'_, PyString>, text: &str) {
        self.text.clear();
        self.text.push_str(text);
        let old = self.string.replace(value.clone().unbind());
        // As in `KnownName::release`.
        drop(old.map(|old| old.into_bound(value.py())));
    }
}

/// A name of up to 15 bytes and its closing quote, as bytes in the order of the text, so that two
/// names are compared in one step.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ShortName {
    text: u128,
    mask: u128,
}

thread_local! {
    pub(super) static NAMES: RefCell<NameCache> =
        const { RefCell::new(NameCache { slots: Vec::new(), last: 0, expected: 0 }) };
}

/// The slots of threads that have ended, for use by new threads.
static ENDED: Mutex<Vec<Vec<Slot>>> = Mutex::new(Vec::new());

impl Drop for NameCache {
    /// Passes the slots on to other threads. A thread that ends is not attached to the interpreter:
    /// it could release its references only under a lock of `PyO3`'s, and a process forked at that
    /// moment would wait for that lock forever. Nobody waits for the lock taken here.
    fn drop(&mut self) {
        let slots = mem::take(&mut self.slots);
        match ENDED.try_lock() {
            Ok(mut ended) if !slots.is_empty() => ended.push(slots),
            _ => mem::forget(slots),
        }
    }
}

/// Sets up this thread's cache of names, for the reason given in `header_cache`.
pub(in crate::python) fn prepare_thread() {
    NAMES.with_borrow(|_| ());
}

impl NameCache {
    const SLOTS: usize = 512;

    /// Finds the name at the start of `head`, the next 16 bytes of the text. Returns `None` if the
    /// name is longer, or has escapes or non-ASCII characters.
    pub(super) fn find(
        &mut self,
        py: Python<'_>,
        head: u128,
    ) -> Result<Option<&KnownName>, Unusual> {
        let found = match self.slots.get(self.expected) {
            Some(Slot { known: Some(known), .. }) if known.text.begins(head) => self.expected,
            _ => match self.look_up(py, head)? {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        let slot = &self.slots[found];
        (self.last, self.expected) = (found, slot.next);
        Ok(slot.known.as_ref())
    }

    /// Returns the slot of a name that was not expected, and expects it after the same name next
    /// time.
    fn look_up(&mut self, py: Python<'_>, head: u128) -> Result<Option<usize>, Unusual> {
        let Some((text, len)) = ShortName::read(head) else {
            return Ok(None);
        };
        let slot = text.slot();
        self.fill(py, slot, text, len)?;
        self.slots[self.last].next = slot;
        Ok(Some(slot))
    }

    /// Takes the slots of a thread that has ended, or makes new ones.
    fn slots() -> Vec<Slot> {
        let ended = ENDED.try_lock().ok().and_then(|mut ended| ended.pop());
        ended.unwrap_or_else(|| iter::repeat_with(Slot::default).take(Self::SLOTS).collect())
    }

    /// Puts the name into its slot, unless it is already there.
    fn fill(
        &mut self,
        py: Python<'_>,
        slot: usize,
        text: ShortName,
        len: usize,
    ) -> Result<(), Unusual> {
        if self.slots.is_empty() {
            self.slots = Self::slots();
        }
        let known = &mut self.slots[slot].known;
        if known.as_ref().is_some_and(|known| known.text == text) {
            return Ok(());
        }
        let name = &text.text.to_le_bytes()[..len];
        let claim = Claim::by_name(name);
        let string = match claim {
            // Python's own interned string, which dict lookups in the application find by identity.
            // Other names are not interned, because Python may keep them forever.
            Some(claim) => PyString::intern(py, claim.name()),
            None => ascii_string(py, str::from_utf8(name).map_err(|_| Unusual)?)?,
        };
        let value = KeptValue::default();
        let new = KnownName { text, len, string: string.unbind(), claim, value };
        if let Some(old) = known.replace(new) {
            old.release(py);
        }
        Ok(())
    }
}

impl ShortName {
    /// Returns the name at the start of `head`, and its length.
    fn read(head: u128) -> Option<(Self, usize)> {
        let bytes = head.to_le_bytes();
        let len = plain_len(&bytes);
        if bytes.get(len) != Some(&b'"') {
            return None;
        }
        let mask = u128::MAX >> (8 * (bytes.len() - 1 - len));
        Some((Self { text: head & mask, mask }, len))
    }

    /// Returns whether `head` begins with the name and its closing quote.
    const fn begins(self, head: u128) -> bool {
        (head ^ self.text) & self.mask == 0
    }

    /// Computes the slot of the name. The multiplication by an odd number makes the upper bits
    /// depend on all lower ones. This number gives each of the usual claim names a slot of its own
    /// (`tests/python/test_kept_values.py` lists them). An attacker who finds names that share a
    /// slot causes nothing but misses.
    #[allow(clippy::cast_possible_truncation, reason = "halves, and then nine bits, are wanted")]
    const fn slot(self) -> usize {
        const ODD: u64 = 0x3099_fdf5_ab99_254b;
        let (low, high) = (self.text as u64, (self.text >> 64) as u64);
        ((low ^ high.rotate_left(32)).wrapping_mul(ODD) >> 55) as usize
    }
}
