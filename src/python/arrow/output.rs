//! Columns that are built here and exported.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use super::interface::{Array, Released, Schema, Stream};
use crate::error::Error;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    /// The number of a text, of which there are few.
    Code,
    Text,
    Int,
    Float,
    /// Microseconds since the epoch, in UTC.
    Time,
    Texts,
}

impl Kind {
    const fn format(self) -> &'static CStr {
        match self {
            Self::Bool => c"b",
            Self::Code => c"c",
            Self::Text => c"u",
            Self::Int => c"l",
            Self::Float => c"g",
            Self::Time => c"tsu:UTC",
            Self::Texts => c"+l",
        }
    }
}

/// The name of a column and what it holds.
pub(super) struct Field {
    pub(super) name: CString,
    pub(super) kind: Kind,
}

/// A value of a column.
#[derive(Debug, Clone)]
pub(super) enum Cell<'a> {
    Null,
    Bool(bool),
    Code(u8),
    /// A number of [`Kind::Int`] or [`Kind::Time`].
    Int(i64),
    Float(f64),
    /// A text in UTF-8, as bytes, which need not be checked again when they are copied.
    Text(&'a [u8]),
    Texts(Vec<&'a [u8]>),
}

impl<'a> Cell<'a> {
    pub(super) const fn text(text: &'a str) -> Self {
        Self::Text(text.as_bytes())
    }
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    len: usize,
    zeros: i64,
}

impl Bits {
    fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if bit {
            self.bytes[self.len / 8] |= 1 << (self.len % 8);
        } else {
            self.zeros += 1;
        }
        self.len += 1;
    }

    fn get(&self, index: usize) -> bool {
        self.bytes[index / 8] >> (index % 8) & 1 == 1
    }
}

/// Texts one after another.
struct Texts {
    ends: Vec<i32>,
    bytes: Vec<u8>,
}

impl Texts {
    fn new() -> Self {
        Self { ends: vec![0], bytes: Vec::new() }
    }

    fn push(&mut self, text: &[u8]) -> Result<(), Error> {
        self.bytes.try_reserve(text.len())?;
        self.bytes.extend_from_slice(text);
        // Tokens are taken in parts that are much smaller than this, unless one of them is not.
        self.ends.push(i32::try_from(self.bytes.len()).map_err(|_| Error::OutOfMemory)?);
        Ok(())
    }

    fn len(&self) -> usize {
        self.ends.len() - 1
    }

    fn range(&self, index: usize) -> Range<usize> {
        range(&self.ends, index)
    }

    fn get(&self, index: usize) -> &[u8] {
        &self.bytes[self.range(index)]
    }
}

/// Returns where the item at `index` begins and ends.
fn range(ends: &[i32], index: usize) -> Range<usize> {
    let at = |index: usize| usize::try_from(ends[index]).unwrap_or_default();
    at(index)..at(index + 1)
}

enum Values {
    Bools(Bits),
    Codes(Vec<u8>),
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Texts(Texts),
    Lists(Vec<i32>, Texts),
}

/// Where a value is: the number of a column and its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) column: usize,
    pub(super) index: usize,
}

/// A column that is being built.
pub(super) struct Column {
    valid: Bits,
    values: Values,
}

impl Column {
    pub(super) fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Bool => Values::Bools(Bits::default()),
            Kind::Code => Values::Codes(Vec::new()),
            Kind::Int | Kind::Time => Values::Ints(Vec::new()),
            Kind::Float => Values::Floats(Vec::new()),
            Kind::Text => Values::Texts(Texts::new()),
            Kind::Texts => Values::Lists(vec![0], Texts::new()),
        };
        Self { valid: Bits::default(), values }
    }

    /// Returns the number of values.
    pub(super) const fn len(&self) -> usize {
        self.valid.len
    }

    /// Makes room for so many bytes of texts.
    pub(super) fn reserve(&mut self, bytes: usize) -> Result<(), Error> {
        match &mut self.values {
            Values::Texts(texts) => Ok(texts.bytes.try_reserve_exact(bytes)?),
            _ => Ok(()),
        }
    }

    /// Adds a value; one of another kind is null.
    pub(super) fn push(&mut self, cell: &Cell<'_>) -> Result<(), Error> {
        let is_valid = match (&mut self.values, cell) {
            (Values::Bools(bits), cell) => {
                bits.push(matches!(cell, Cell::Bool(true)));
                matches!(cell, Cell::Bool(_))
            }
            (Values::Codes(codes), cell) => {
                codes.push(if let Cell::Code(code) = cell { *code } else { 0 });
                matches!(cell, Cell::Code(_))
            }
            (Values::Ints(ints), cell) => {
                ints.push(if let Cell::Int(int) = cell { *int } else { 0 });
                matches!(cell, Cell::Int(_))
            }
            (Values::Floats(floats), cell) => {
                floats.push(if let Cell::Float(float) = cell { *float } else { 0.0 });
                matches!(cell, Cell::Float(_))
            }
            (Values::Texts(texts), cell) => {
                texts.push(if let Cell::Text(text) = cell { text } else { b"" })?;
                matches!(cell, Cell::Text(_))
            }
            (Values::Lists(ends, texts), cell) => {
                if let Cell::Texts(list) = cell {
                    list.iter().try_for_each(|text| texts.push(text))?;
                }
                ends.push(i32::try_from(texts.len()).map_err(|_| Error::OutOfMemory)?);
                matches!(cell, Cell::Texts(_))
            }
        };
        self.valid.push(is_valid);
        Ok(())
    }

    /// Returns the value at `index`.
    fn get(&self, index: usize) -> Cell<'_> {
        if !self.valid.get(index) {
            return Cell::Null;
        }
        match &self.values {
            Values::Bools(bits) => Cell::Bool(bits.get(index)),
            Values::Codes(codes) => Cell::Code(codes[index]),
            Values::Ints(ints) => Cell::Int(ints[index]),
            Values::Floats(floats) => Cell::Float(floats[index]),
            Values::Texts(texts) => Cell::Text(texts.get(index)),
            Values::Lists(ends, texts) => {
                Cell::Texts(range(ends, index).map(|item| texts.get(item)).collect())
            }
        }
    }

    /// Adds the values at these places of columns of the same kind; `None` is null.
    pub(super) fn gather(
        &mut self,
        columns: &[&Self],
        places: &[Option<Place>],
    ) -> Result<(), Error> {
        let size = |place: &Place| match &columns[place.column].values {
            Values::Texts(texts) => texts.range(place.index).len(),
            _ => 0,
        };
        self.reserve(places.iter().flatten().map(size).sum())?;
        for place in places {
            let cell = place.map_or(Cell::Null, |place| columns[place.column].get(place.index));
            self.push(&cell)?;
        }
        Ok(())
    }

    fn export(self, codes: &[String]) -> Array {
        let (len, nulls) = (self.valid.len, self.valid.zeros);
        let valid = Buffer::of(self.valid.bytes);
        let mut children = Vec::new();
        let mut dictionary = None;
        let buffers = match self.values {
            Values::Bools(bits) => vec![valid, Buffer::of(bits.bytes)],
            Values::Codes(numbers) => {
                dictionary = Some(of_texts(codes));
                vec![valid, Buffer::of(numbers)]
            }
            Values::Ints(ints) => vec![valid, Buffer::of(ints)],
            Values::Floats(floats) => vec![valid, Buffer::of(floats)],
            Values::Texts(texts) => {
                vec![valid, Buffer::of(texts.ends), Buffer::of(texts.bytes)]
            }
            Values::Lists(ends, texts) => {
                children.push(exported_texts(texts));
                vec![valid, Buffer::of(ends)]
            }
        };
        export(len, nulls, buffers, children, dictionary)
    }
}

/// Exports the columns as a table of so many rows; `codes` are the texts of [`Kind::Code`].
pub(super) fn table(rows: usize, columns: Vec<Column>, codes: &[String]) -> Array {
    let children = columns.into_iter().map(|column| column.export(codes)).collect();
    export(rows, 0, vec![Buffer::none()], children, None)
}

fn of_texts(texts: &[String]) -> Array {
    let mut column = Texts::new();
    for text in texts {
        column.push(text.as_bytes()).expect("codes are short");
    }
    exported_texts(column)
}

fn exported_texts(texts: Texts) -> Array {
    let len = texts.len();
    let buffers = vec![Buffer::none(), Buffer::of(texts.ends), Buffer::of(texts.bytes)];
    export(len, 0, buffers, Vec::new(), None)
}

/// The memory of a buffer and where it begins.
struct Buffer {
    start: *const c_void,
    _memory: Option<Box<dyn Send>>,
}

impl Buffer {
    fn of<T: Send + 'static>(mut values: Vec<T>) -> Self {
        if values.capacity() == 0 {
            // Some readers take neither a null pointer nor one that is not aligned.
            values.reserve(8);
        }
        Self { start: values.as_ptr().cast(), _memory: Some(Box::new(values)) }
    }

    /// Makes the buffer of the validity where nothing is null.
    const fn none() -> Self {
        Self { start: ptr::null(), _memory: None }
    }
}

/// What an exported array points to.
struct Owner {
    _buffers: Vec<Buffer>,
    starts: Vec<*const c_void>,
    children: Vec<*mut Array>,
}

fn export(
    len: usize,
    nulls: i64,
    buffers: Vec<Buffer>,
    children: Vec<Array>,
    dictionary: Option<Array>,
) -> Array {
    let starts = buffers.iter().map(|buffer| buffer.start).collect();
    let children: Vec<_> = children.into_iter().map(into_raw).collect();
    let mut owner = Box::new(Owner { _buffers: buffers, starts, children });
    Array {
        length: count(len),
        null_count: nulls,
        offset: 0,
        n_buffers: count(owner.starts.len()),
        n_children: count(owner.children.len()),
        buffers: owner.starts.as_mut_ptr(),
        children: owner.children.as_mut_ptr(),
        dictionary: dictionary.map_or(ptr::null_mut(), into_raw),
        release: Some(release_array),
        private_data: into_raw_box(owner),
    }
}

fn count(len: usize) -> i64 {
    i64::try_from(len).expect("nothing in memory is longer")
}

fn into_raw<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

fn into_raw_box<T>(value: Box<T>) -> *mut c_void {
    Box::into_raw(value).cast()
}

/// # Safety
/// The array is one of [`export`] that was not released.
unsafe extern "C" fn release_array(array: *mut Array) {
    // SAFETY: the pointers are those that `export` has made of boxes; nobody else frees them. A
    // child that was moved away is marked as released, and its box is still to be freed.
    unsafe {
        let array = &mut *array;
        array.release = None;
        let owner = Box::from_raw(array.private_data.cast::<Owner>());
        for &child in &owner.children {
            drop(Box::from_raw(child));
        }
        if !array.dictionary.is_null() {
            drop(Box::from_raw(array.dictionary));
        }
    }
}

/// What an exported schema points to.
struct SchemaOwner {
    name: CString,
    children: Vec<*mut Schema>,
}

/// Returns the type of a table with these columns.
pub(super) fn schema(fields: &[Field]) -> Schema {
    let columns = fields.iter().map(|field| {
        let of_text = |name| export_schema(c"u", name, Vec::new(), None);
        let name = field.name.clone();
        match field.kind {
            Kind::Code => {
                let texts = Some(of_text(CString::default()));
                export_schema(field.kind.format(), name, Vec::new(), texts)
            }
            Kind::Texts => {
                export_schema(field.kind.format(), name, vec![of_text(c"item".into())], None)
            }
            kind => export_schema(kind.format(), name, Vec::new(), None),
        }
    });
    export_schema(c"+s", CString::default(), columns.collect(), None)
}

/// The flag of a column that may have nulls.
const NULLABLE: i64 = 2;

fn export_schema(
    format: &'static CStr,
    name: CString,
    children: Vec<Schema>,
    dictionary: Option<Schema>,
) -> Schema {
    let children: Vec<_> = children.into_iter().map(into_raw).collect();
    let mut owner = Box::new(SchemaOwner { name, children });
    Schema {
        format: format.as_ptr(),
        name: owner.name.as_ptr(),
        metadata: ptr::null(),
        flags: NULLABLE,
        n_children: count(owner.children.len()),
        children: owner.children.as_mut_ptr(),
        dictionary: dictionary.map_or(ptr::null_mut(), into_raw),
        release: Some(release_schema),
        private_data: into_raw_box(owner),
    }
}

/// # Safety
/// The schema is one of [`export_schema`] that was not released.
unsafe extern "C" fn release_schema(schema: *mut Schema) {
    // SAFETY: as in `release_array`.
    unsafe {
        let schema = &mut *schema;
        schema.release = None;
        let owner = Box::from_raw(schema.private_data.cast::<SchemaOwner>());
        for &child in &owner.children {
            drop(Box::from_raw(child));
        }
        if !schema.dictionary.is_null() {
            drop(Box::from_raw(schema.dictionary));
        }
    }
}

/// What an exported stream reads.
pub(super) trait Producer: Send {
    /// Returns the type of the tables.
    fn schema(&self) -> Schema;
    /// Returns the next table; `None` at the end. The error is a message.
    fn next(&mut self) -> Result<Option<Array>, String>;
}

struct StreamOwner {
    producer: Box<dyn Producer>,
    last_error: Option<CString>,
}

/// Exports a stream.
pub(super) fn stream(producer: Box<dyn Producer>) -> Stream {
    Stream {
        get_schema: Some(get_schema),
        get_next: Some(get_next),
        get_last_error: Some(get_last_error),
        release: Some(release_stream),
        private_data: into_raw(StreamOwner { producer, last_error: None }).cast(),
    }
}

/// The error number of a stream that failed: EIO everywhere.
const FAILED: c_int = 5;

/// # Safety
/// The stream is one of [`stream`] that was not released, and `out` is to be written.
unsafe extern "C" fn get_schema(stream: *mut Stream, out: *mut Schema) -> c_int {
    // SAFETY: as promised by the caller; what was in `out` is not released.
    unsafe {
        let owner = &*(*stream).private_data.cast::<StreamOwner>();
        out.write(owner.producer.schema());
    }
    0
}

/// # Safety
/// Those of [`get_schema`].
unsafe extern "C" fn get_next(stream: *mut Stream, out: *mut Array) -> c_int {
    // SAFETY: as promised by the caller, who uses the stream in one thread at a time.
    let owner = unsafe { &mut *(*stream).private_data.cast::<StreamOwner>() };
    // Nothing may unwind into the caller, who may not be written in Rust.
    let next = catch_unwind(AssertUnwindSafe(|| owner.producer.next()));
    match next.unwrap_or_else(|_| Err("rapidjwt has a bug: it panicked".to_owned())) {
        Ok(array) => {
            // SAFETY: as promised by the caller; what was in `out` is not released.
            unsafe { out.write(array.unwrap_or_else(Array::released)) };
            0
        }
        Err(message) => {
            owner.last_error = CString::new(message.replace('\0', " ")).ok();
            FAILED
        }
    }
}

/// # Safety
/// The stream is one of [`stream`] that was not released.
unsafe extern "C" fn get_last_error(stream: *mut Stream) -> *const c_char {
    // SAFETY: as promised by the caller.
    let owner = unsafe { &*(*stream).private_data.cast::<StreamOwner>() };
    owner.last_error.as_ref().map_or(ptr::null(), |message| message.as_ptr())
}

/// # Safety
/// The stream is one of [`stream`] that was not released.
unsafe extern "C" fn release_stream(stream: *mut Stream) {
    // SAFETY: the pointer is that of a box of `stream`; nobody else frees it.
    unsafe {
        (*stream).release = None;
        drop(Box::from_raw((*stream).private_data.cast::<StreamOwner>()));
    }
}
