//! Python dicts to JSON bytes, equal to `json.dumps(value, separators=(",", ":"))`.
//!
//! This serializer handles exact dicts with exact strings as keys, lists, tuples, strings, 64-bit
//! integers, floats, booleans and None, and returns [`Unusual`] for anything else: subclasses,
//! other key types, big integers, lone surrogates, deep nesting or cycles. The caller then uses
//! Python's json, which serializes the value or reports the error.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::{ptr, slice};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use pyo3::{Borrowed, PyTypeInfo, ffi};

use super::Unusual;
use super::plain::{plain_len, plain_len_of_block, special};
use crate::base64url;
use crate::crypto::Signature;
use crate::error::Error;
use crate::python::cpython::utf8;

/// Deeper nesting, and therefore every cycle, is left to Python.
const MAX_DEPTH: u32 = 64;

/// Appends the JSON text of `dict` to `json`. If it returns [`Unusual`], `json` has an incomplete
/// text at its end.
///
/// `sort_keys` orders the members of every dict by key, as the option of the same name does.
pub(in crate::python) fn dumps(
    dict: &Bound<'_, PyDict>,
    sort_keys: bool,
    json: &mut Vec<u8>,
) -> Result<(), Unusual> {
    let mut writer = Writer { py: dict.py(), json, sort_keys };
    // SAFETY: `dict` is a live dict, and the interpreter is attached.
    unsafe { writer.dict(dict.as_ptr(), MAX_DEPTH, |_, _| true) }
}

/// Does what [`dumps`] does for claims, in the dict's order: an issuer that is not a string is
/// [`Unusual`] too.
pub(in crate::python) fn dumps_claims(
    claims: &Bound<'_, PyDict>,
    json: &mut Vec<u8>,
) -> Result<(), Unusual> {
    let mut writer = Writer { py: claims.py(), json, sort_keys: false };
    let text = PyString::type_object_raw(claims.py());
    // SAFETY: `claims` is a live dict, its members are alive while they are written, and the
    // interpreter is attached.
    unsafe {
        writer.dict(claims.as_ptr(), MAX_DEPTH, |name, value| {
            name != "iss" || ffi::Py_TYPE(value) == text
        })
    }
}

/// Makes the token `header.payload.signature`, writing directly into the string that it returns.
///
/// `header` is already encoded, `payload` is not. `sign` returns the signature of its argument, in
/// `signature_len` bytes; it does not run Python code.
pub(in crate::python) fn token<'py>(
    py: Python<'py>,
    header: &str,
    payload: &[u8],
    signature_len: usize,
    sign: impl FnOnce(&[u8]) -> Result<Signature, Error>,
) -> PyResult<Bound<'py, PyString>> {
    assert!(header.is_ascii(), "a header is encoded");
    let payload_at = header.len() + 1;
    let signed_len = payload_at + base64url::encoded_len(payload.len());
    let len = signed_len + 1 + base64url::encoded_len(signature_len);
    // SAFETY: PyUnicode_New(len, 127) returns a new compact ASCII string, which nobody else sees
    // yet, with `len` writable bytes at PyUnicode_DATA (or null with an exception set, which
    // `from_owned_ptr_or_err` takes). All of them are written, with ASCII, in order, and only what
    // was written is read.
    unsafe {
        let size = ffi::Py_ssize_t::try_from(len)?;
        let string = Bound::from_owned_ptr_or_err(py, ffi::PyUnicode_New(size, 127))?;
        let data = ffi::PyUnicode_DATA(string.as_ptr()).cast::<MaybeUninit<u8>>();
        let room = slice::from_raw_parts_mut(data, len);
        ptr::copy_nonoverlapping(header.as_ptr(), room.as_mut_ptr().cast(), header.len());
        room[header.len()].write(b'.');
        base64url::encode_into(payload, &mut room[payload_at..signed_len]);
        let signature = sign(slice::from_raw_parts(room.as_ptr().cast(), signed_len))?;
        room[signed_len].write(b'.');
        base64url::encode_into(signature.as_ref(), &mut room[signed_len + 1..]);
        Ok(string.cast_into_unchecked())
    }
}

struct Writer<'a, 'py> {
    py: Python<'py>,
    json: &'a mut Vec<u8>,
    sort_keys: bool,
}

impl<'py> Writer<'_, 'py> {
    /// Writes a dict. A member that is not `usual` makes it [`Unusual`], except when members are
    /// sorted: `usual` is then never called.
    ///
    /// # Safety
    /// `dict` points to a live exact dict, and the interpreter is attached.
    #[inline]
    unsafe fn dict(
        &mut self,
        dict: *mut ffi::PyObject,
        depth: u32,
        usual: impl Fn(&str, *mut ffi::PyObject) -> bool,
    ) -> Result<(), Unusual> {
        let depth = depth.checked_sub(1).ok_or(Unusual)?;
        // SAFETY: as promised by the caller; the reference is borrowed for this call.
        let dict = unsafe { Bound::from_borrowed_ptr(self.py, dict) };
        // On a free-threaded build another thread may try to change the dict meanwhile.
        pyo3::sync::critical_section::with_critical_section(&dict, || {
            if self.sort_keys {
                // SAFETY: `dict` is a live dict and locked.
                unsafe { self.sorted_members(dict.as_ptr(), depth) }
            } else {
                // SAFETY: as above.
                unsafe { self.members(dict.as_ptr(), depth, usual) }
            }
        })
    }

    /// # Safety
    /// As for [`dict`](Self::dict), and the dict is locked.
    #[inline]
    unsafe fn members(
        &mut self,
        dict: *mut ffi::PyObject,
        depth: u32,
        usual: impl Fn(&str, *mut ffi::PyObject) -> bool,
    ) -> Result<(), Unusual> {
        let (mut position, mut key, mut value) = (0, ptr::null_mut(), ptr::null_mut());
        let mut separator = b'{';
        // SAFETY: nothing below runs Python code that could change the dict, so the iteration is
        // valid and key and value stay alive while they are written; where another thread could
        // change it, they are kept.
        unsafe {
            while ffi::PyDict_Next(dict, &raw mut position, &raw mut key, &raw mut value) != 0 {
                let _kept = self.keep([key, value]);
                let name = self.text_of(key)?;
                if !usual(name, value) {
                    return Err(Unusual);
                }
                self.member(separator, name, value, depth)?;
                separator = b',';
            }
        }
        self.close(separator)
    }

    /// # Safety
    /// As for [`members`](Self::members).
    unsafe fn sorted_members(
        &mut self,
        dict: *mut ffi::PyObject,
        depth: u32,
    ) -> Result<(), Unusual> {
        let (mut position, mut key, mut value) = (0, ptr::null_mut(), ptr::null_mut());
        let mut members = Vec::new();
        let mut separator = b'{';
        // SAFETY: as in `members`. UTF-8 text sorts by code point, as Python's strings do.
        unsafe {
            while ffi::PyDict_Next(dict, &raw mut position, &raw mut key, &raw mut value) != 0 {
                let kept = self.keep([key, value]);
                members.push((self.text_of(key)?, value, kept));
            }
            members.sort_unstable_by(|left, right| left.0.cmp(right.0));
            for (name, value, _kept) in members {
                self.member(separator, name, value, depth)?;
                separator = b',';
            }
        }
        self.close(separator)
    }

    /// Keeps references to members of a locked container while they are written, on builds without
    /// an interpreter lock: CPython releases the lock of the container while this thread waits for
    /// another lock, that of an inner container or of a string that is converted to UTF-8.
    ///
    /// # Safety
    /// The pointers point to live objects, and the interpreter is attached.
    unsafe fn keep<const N: usize>(
        &self,
        members: [*mut ffi::PyObject; N],
    ) -> Option<[Bound<'py, PyAny>; N]> {
        cfg!(Py_GIL_DISABLED).then(|| {
            // SAFETY: as promised by the caller.
            members.map(|member| unsafe { Bound::from_borrowed_ptr(self.py, member) })
        })
    }

    #[inline]
    fn push(&mut self, byte: u8) -> Result<(), Unusual> {
        reserve(self.json, 1)?;
        self.json.push(byte);
        Ok(())
    }

    #[inline]
    fn extend(&mut self, bytes: &[u8]) -> Result<(), Unusual> {
        reserve(self.json, bytes.len())?;
        self.json.extend_from_slice(bytes);
        Ok(())
    }

    /// Ends a dict; `separator` is the one that its next member would have had.
    fn close(&mut self, separator: u8) -> Result<(), Unusual> {
        if separator == b'{' {
            self.push(b'{')?;
        }
        self.push(b'}')
    }

    /// Writes one member of a dict after `separator`, which is a comma or the opening brace.
    ///
    /// # Safety
    /// `value` points to a live object, and the interpreter is attached.
    unsafe fn member(
        &mut self,
        separator: u8,
        name: &str,
        value: *mut ffi::PyObject,
        depth: u32,
    ) -> Result<(), Unusual> {
        write_string(self.json, [separator, b'"'], name, [b'"', b':'])?;
        // SAFETY: as promised by the caller.
        unsafe { self.value(value, depth) }
    }

    /// # Safety
    /// `value` points to a live object, and the interpreter is attached.
    unsafe fn value(&mut self, value: *mut ffi::PyObject, depth: u32) -> Result<(), Unusual> {
        // SAFETY: the object is alive, as promised by the caller; comparing its type with the
        // exact types of CPython decides which function may be called on it.
        unsafe {
            let kind = ffi::Py_TYPE(value);
            if kind == PyString::type_object_raw(self.py) {
                let text = self.text_of(value)?;
                write_string(self.json, [b'"'], text, [b'"'])?;
            } else if kind == &raw mut ffi::PyLong_Type {
                self.integer(value)?;
            } else if value == ffi::Py_True() {
                self.extend(b"true")?;
            } else if value == ffi::Py_False() {
                self.extend(b"false")?;
            } else if value == ffi::Py_None() {
                self.extend(b"null")?;
            } else if kind == &raw mut ffi::PyDict_Type {
                self.dict(value, depth, |_, _| true)?;
            } else if kind == &raw mut ffi::PyList_Type {
                self.list(value, depth)?;
            } else if kind == &raw mut ffi::PyTuple_Type {
                self.tuple(value, depth)?;
            } else if kind == &raw mut ffi::PyFloat_Type {
                self.float(ffi::PyFloat_AsDouble(value))?;
            } else {
                return Err(Unusual);
            }
        }
        Ok(())
    }

    /// # Safety
    /// `list` points to a live exact list, and the interpreter is attached.
    unsafe fn list(&mut self, list: *mut ffi::PyObject, depth: u32) -> Result<(), Unusual> {
        let depth = depth.checked_sub(1).ok_or(Unusual)?;
        // SAFETY: as promised by the caller; the list is locked, and its length is read again at
        // each step, so every index is within it.
        unsafe {
            let list = Bound::from_borrowed_ptr(self.py, list);
            pyo3::sync::critical_section::with_critical_section(&list, || {
                self.push(b'[')?;
                let mut index = 0;
                while index < ffi::PyList_GET_SIZE(list.as_ptr()) {
                    if index > 0 {
                        self.push(b',')?;
                    }
                    let item = ffi::PyList_GET_ITEM(list.as_ptr(), index);
                    let _kept = self.keep([item]);
                    self.value(item, depth)?;
                    index += 1;
                }
                self.push(b']')
            })
        }
    }

    /// # Safety
    /// `tuple` points to a live exact tuple, and the interpreter is attached.
    unsafe fn tuple(&mut self, tuple: *mut ffi::PyObject, depth: u32) -> Result<(), Unusual> {
        let depth = depth.checked_sub(1).ok_or(Unusual)?;
        self.push(b'[')?;
        // SAFETY: as promised by the caller; the length of a tuple does not change.
        unsafe {
            for index in 0..ffi::PyTuple_GET_SIZE(tuple) {
                if index > 0 {
                    self.push(b',')?;
                }
                self.value(ffi::PyTuple_GET_ITEM(tuple, index), depth)?;
            }
        }
        self.push(b']')
    }

    /// # Safety
    /// `integer` points to a live exact int, and the interpreter is attached.
    unsafe fn integer(&mut self, integer: *mut ffi::PyObject) -> Result<(), Unusual> {
        let mut overflow = 0;
        // SAFETY: as promised by the caller; for an exact int this can fail only by overflow.
        let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(integer, &raw mut overflow) };
        if overflow != 0 {
            return Err(Unusual);
        }
        self.extend(itoa::Buffer::new().format(value).as_bytes())
    }

    /// Writes a float as Python's `repr` does, and a non-finite one as Python's json does.
    fn float(&mut self, float: f64) -> Result<(), Unusual> {
        if !float.is_finite() {
            let word: &[u8] = match float {
                f64::INFINITY => b"Infinity",
                f64::NEG_INFINITY => b"-Infinity",
                _ => b"NaN",
            };
            return self.extend(word);
        }
        // SAFETY: CPython returns a NUL-terminated string that PyMem_Free must free, or null with
        // an exception set. It is copied before it is freed.
        unsafe {
            let flags = ffi::Py_DTSF_ADD_DOT_0;
            #[allow(clippy::cast_possible_wrap, reason = "ASCII fits a char of either sign")]
            let repr = b'r' as c_char;
            let text = ffi::PyOS_double_to_string(float, repr, 0, flags, ptr::null_mut());
            if text.is_null() {
                ffi::PyErr_Clear();
                return Err(Unusual);
            }
            let written = self.extend(CStr::from_ptr(text).to_bytes());
            ffi::PyMem_Free(text.cast());
            written
        }
    }

    /// Returns the UTF-8 text of an exact str without lone surrogates.
    ///
    /// # Safety
    /// `string` points to a live object that outlives the text; the interpreter is attached.
    unsafe fn text_of<'t>(&self, string: *mut ffi::PyObject) -> Result<&'t str, Unusual> {
        // SAFETY: as promised by the caller, and the type is checked before it is relied on.
        unsafe {
            if ffi::Py_TYPE(string) != PyString::type_object_raw(self.py) {
                return Err(Unusual);
            }
            let string = Borrowed::from_ptr(self.py, string).cast_unchecked::<PyString>();
            let text: *const str = utf8(&string).ok_or(Unusual)?;
            Ok(&*text)
        }
    }
}

/// Makes room for `len` more bytes. Without memory for them, the value is left to Python, which
/// reports that.
#[inline]
fn reserve(json: &mut Vec<u8>, len: usize) -> Result<(), Unusual> {
    if json.capacity() - json.len() < len {
        json.try_reserve(len).map_err(|_| Unusual)?;
    }
    Ok(())
}

/// Writes a JSON string in ASCII, with the escapes that Python's json uses, between `before` and
/// `after`, which contain its quotes.
#[inline]
fn write_string<const B: usize, const A: usize>(
    json: &mut Vec<u8>,
    before: [u8; B],
    text: &str,
    after: [u8; A],
) -> Result<(), Unusual> {
    let text = text.as_bytes();
    let (start, len) = (json.len(), B + text.len() + A);
    reserve(json, len)?;
    // SAFETY: `len` bytes after `start` are reserved; all of them are written before they become
    // part of the vector. `text` is borrowed, so it does not overlap.
    let is_plain = unsafe {
        let room = json.as_mut_ptr().add(start);
        room.cast::<[u8; B]>().write(before);
        room.add(B + text.len()).cast::<[u8; A]>().write(after);
        copy_plain(text, room.add(B))
    };
    if is_plain {
        // SAFETY: see above.
        unsafe { json.set_len(start + len) };
        Ok(())
    } else {
        write_escaped_string(json, &before, text, &after)
    }
}

/// Copies `text` to `room`. Returns whether `text` consists of printable ASCII without a quote or a
/// backslash; only then was all of it copied.
///
/// Three quarters of everything that is written passes through here, mostly in strings shorter than
/// 16 bytes. These are copied as two halves that overlap in the middle.
///
/// # Safety
/// `room` has `text.len()` writable bytes, which do not overlap with `text`.
#[inline]
unsafe fn copy_plain(text: &[u8], room: *mut u8) -> bool {
    /// Copies `N` bytes from the offset `at` and returns them.
    ///
    /// # Safety
    /// As for `copy_plain`; `at + N <= text.len()`.
    #[inline]
    unsafe fn copy<const N: usize>(text: &[u8], at: usize, room: *mut u8) -> [u8; N] {
        // SAFETY: the bytes lie within the text and within the room.
        unsafe {
            let bytes = text.as_ptr().add(at).cast::<[u8; N]>().read();
            room.add(at).cast::<[u8; N]>().write(bytes);
            bytes
        }
    }
    const SPACES: u32 = u32::from_ne_bytes([b' '; 4]);
    let len = text.len();
    // SAFETY: the offsets are within the text; `room` is as the caller promises.
    let marks = unsafe {
        match len {
            0 => 0,
            1..4 => {
                let [first] = copy(text, 0, room);
                let [middle] = copy(text, len / 2, room);
                let [last] = copy(text, len - 1, room);
                special(word(u32::from_ne_bytes([first, middle, last, b' ']), SPACES))
            }
            4..8 => {
                let first = u32::from_ne_bytes(copy(text, 0, room));
                let last = u32::from_ne_bytes(copy(text, len - 4, room));
                special(word(first, last))
            }
            8..16 => {
                special(u64::from_ne_bytes(copy(text, 0, room)))
                    | special(u64::from_ne_bytes(copy(text, len - 8, room)))
            }
            _ => {
                let mut at = 0;
                while at + 16 < len {
                    if plain_len_of_block(copy(text, at, room)) < 16 {
                        return false;
                    }
                    at += 16;
                }
                return plain_len_of_block(copy(text, len - 16, room)) == 16;
            }
        }
    };
    marks == 0
}

/// Combines eight bytes, whose order does not matter.
const fn word(left: u32, right: u32) -> u64 {
    (left as u64) << 32 | right as u64
}

#[cold]
fn write_escaped_string(
    json: &mut Vec<u8>,
    before: &[u8],
    text: &[u8],
    after: &[u8],
) -> Result<(), Unusual> {
    /// The two escapes of a character outside the Basic Multilingual Plane.
    const LONGEST_ESCAPE: usize = 12;
    reserve(json, before.len())?;
    json.extend_from_slice(before);
    let mut rest = std::str::from_utf8(text).expect("the text of a str");
    loop {
        let plain = plain_len(rest.as_bytes());
        reserve(json, plain + LONGEST_ESCAPE + after.len())?;
        json.extend_from_slice(&rest.as_bytes()[..plain]);
        // Plain bytes are ASCII, so a character begins after them.
        let Some(character) = rest[plain..].chars().next() else {
            break;
        };
        write_escape(json, character);
        rest = &rest[plain + character.len_utf8()..];
    }
    json.extend_from_slice(after);
    Ok(())
}

fn write_escape(json: &mut Vec<u8>, character: char) {
    let short: &[u8] = match character {
        '"' => b"\\\"",
        '\\' => b"\\\\",
        '\n' => b"\\n",
        '\r' => b"\\r",
        '\t' => b"\\t",
        '\u{8}' => b"\\b",
        '\u{c}' => b"\\f",
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write_unicode_escape(json, *unit);
            }
            return;
        }
    };
    json.extend_from_slice(short);
}

fn write_unicode_escape(json: &mut Vec<u8>, unit: u16) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    json.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        json.push(HEX[usize::from(unit >> shift & 0xf)]);
    }
}
