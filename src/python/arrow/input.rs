//! Columns that are read where they are: tokens, and the times to verify them at.

use std::ffi::{CStr, c_void};
use std::slice;

use super::interface::{Array, Exported, Schema, Stream};

/// How the values of an array are stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Texts or bytes, with offsets of 32 or 64 bits.
    Offsets32,
    Offsets64,
    /// Texts or bytes, with a view of each.
    Views,
    /// Nothing but nulls.
    Nulls,
    /// Numbers, and what to divide them by for seconds.
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64(u32),
    U64,
    F32,
    F64,
}

impl Layout {
    fn of(format: &str) -> Option<Self> {
        Some(match format {
            "u" | "z" => Self::Offsets32,
            "U" | "Z" => Self::Offsets64,
            "vu" | "vz" => Self::Views,
            "n" => Self::Nulls,
            "c" => Self::I8,
            "C" => Self::U8,
            "s" => Self::I16,
            "S" => Self::U16,
            "i" => Self::I32,
            "I" => Self::U32,
            "l" => Self::I64(1),
            "L" => Self::U64,
            "f" => Self::F32,
            "g" => Self::F64,
            _ => match format.get(..4)? {
                "tss:" => Self::I64(1),
                "tsm:" => Self::I64(1_000),
                "tsu:" => Self::I64(1_000_000),
                "tsn:" => Self::I64(1_000_000_000),
                _ => return None,
            },
        })
    }

    const fn is_bytes(self) -> bool {
        matches!(self, Self::Offsets32 | Self::Offsets64 | Self::Views | Self::Nulls)
    }

    const fn is_index(self) -> bool {
        !self.is_bytes() && !matches!(self, Self::F32 | Self::F64)
    }
}

/// The type of a column.
#[derive(Clone, Copy)]
struct Type {
    layout: Layout,
    /// The layout of the values of a dictionary; `layout` is then that of its indices.
    dictionary: Option<Layout>,
    /// Whether the column is the only one of a table.
    is_in_table: bool,
}

impl Type {
    /// Returns the type, or what the type is instead of one that `is_wanted`.
    fn of(schema: &Schema, is_wanted: impl Fn(Self) -> bool) -> Result<Self, String> {
        let found = match (format(schema), schema.n_children) {
            ("+s", 1) => {
                // SAFETY: the schema is live and has one child.
                let child = unsafe { &**schema.children };
                Self::of_column(child).map(|kind| Self { is_in_table: true, ..kind })
            }
            ("+s", columns) => return Err(format!("a table of {columns} columns")),
            _ => Self::of_column(schema),
        };
        let name = || format!("a column of the Arrow type {:?}", format(schema));
        found.filter(|found| is_wanted(*found)).ok_or_else(name)
    }

    fn of_column(schema: &Schema) -> Option<Self> {
        let layout = Layout::of(format(schema))?;
        // SAFETY: the dictionary of a live schema is null or live.
        let dictionary = match unsafe { schema.dictionary.as_ref() } {
            Some(values) => Some(Layout::of(format(values)).filter(|_| layout.is_index())?),
            None => None,
        };
        Some(Self { layout, dictionary, is_in_table: false })
    }

    fn is_tokens(self) -> bool {
        self.dictionary.unwrap_or(self.layout).is_bytes()
    }

    fn is_times(self) -> bool {
        self.dictionary.is_none() && !self.layout.is_bytes()
    }
}

fn format(schema: &Schema) -> &str {
    if schema.format.is_null() {
        return "";
    }
    // SAFETY: the format of a live schema is a text that ends with a zero.
    unsafe { CStr::from_ptr(schema.format) }.to_str().unwrap_or_default()
}

/// The buffers of a live array, read as its layout says.
#[derive(Clone, Copy)]
struct Values<'a> {
    layout: Layout,
    buffers: &'a [*const c_void],
    offset: usize,
}

impl<'a> Values<'a> {
    fn new(layout: Layout, array: &'a Array) -> Self {
        let count = usize::try_from(array.n_buffers).unwrap_or(0);
        let buffers = if count == 0 || array.buffers.is_null() {
            &[]
        } else {
            // SAFETY: a live array has so many buffers.
            unsafe { slice::from_raw_parts(array.buffers, count) }
        };
        Self { layout, buffers, offset: usize::try_from(array.offset).unwrap_or(0) }
    }

    /// Returns the value at `index` of a buffer, which may not be aligned.
    ///
    /// # Safety
    /// The buffer has values of this type, and has one at `index`.
    unsafe fn read<T: Copy>(&self, buffer: usize, index: usize) -> T {
        // SAFETY: as promised by the caller.
        unsafe { self.buffers[buffer].cast::<T>().add(index).read_unaligned() }
    }

    fn is_null(&self, row: usize) -> bool {
        if self.layout == Layout::Nulls {
            return true;
        }
        let at = self.offset + row;
        match self.buffers.first() {
            Some(validity) if !validity.is_null() => {
                // SAFETY: the first buffer of an array has a bit for each row, 0 for null.
                let byte = unsafe { self.read::<u8>(0, at / 8) };
                byte >> (at % 8) & 1 == 0
            }
            _ => false,
        }
    }

    /// Returns the text or bytes of a row; `None` for null.
    ///
    /// # Safety
    /// The array has this row.
    unsafe fn bytes(&self, row: usize) -> Option<&'a [u8]> {
        if self.is_null(row) {
            return None;
        }
        let at = self.offset + row;
        // SAFETY: the second buffer has one more offset than there are rows, and the third one the
        // bytes that they enclose; a view has a length, and for more than twelve bytes the number
        // of a buffer behind the second one, and where in it the bytes are.
        unsafe {
            match self.layout {
                Layout::Offsets32 => {
                    let (start, end): (i32, i32) = (self.read(1, at), self.read(1, at + 1));
                    Some(self.slice(2, start.into(), i64::from(end) - i64::from(start)))
                }
                Layout::Offsets64 => {
                    let (start, end): (i64, i64) = (self.read(1, at), self.read(1, at + 1));
                    Some(self.slice(2, start, end - start))
                }
                Layout::Views => {
                    let [len, _, buffer, start]: [i32; 4] = self.read(1, at);
                    if len <= 12 {
                        let inside = i64::try_from(at).ok()? * 16 + 4;
                        return Some(self.slice(1, inside, len.into()));
                    }
                    let buffer = usize::try_from(buffer).ok()? + 2;
                    Some(self.slice(buffer, start.into(), len.into()))
                }
                _ => None,
            }
        }
    }

    /// # Safety
    /// The buffer has so many bytes behind `start`.
    unsafe fn slice(&self, buffer: usize, start: i64, len: i64) -> &'a [u8] {
        let pair = usize::try_from(start).ok().zip(usize::try_from(len).ok());
        match pair {
            // A buffer without bytes may be null.
            None | Some((_, 0)) => &[],
            // SAFETY: as promised by the caller.
            Some((start, len)) => unsafe {
                slice::from_raw_parts(self.buffers[buffer].cast::<u8>().add(start), len)
            },
        }
    }

    /// Returns the index in a dictionary; `None` for null.
    ///
    /// # Safety
    /// The array has this row.
    unsafe fn index(&self, row: usize) -> Option<usize> {
        if self.is_null(row) {
            return None;
        }
        let at = self.offset + row;
        // SAFETY: the second buffer has a number of the layout for each row.
        unsafe {
            match self.layout {
                Layout::I8 => usize::try_from(self.read::<i8>(1, at)).ok(),
                Layout::U8 => Some(self.read::<u8>(1, at).into()),
                Layout::I16 => usize::try_from(self.read::<i16>(1, at)).ok(),
                Layout::U16 => Some(self.read::<u16>(1, at).into()),
                Layout::I32 => usize::try_from(self.read::<i32>(1, at)).ok(),
                Layout::U32 => usize::try_from(self.read::<u32>(1, at)).ok(),
                Layout::I64(_) => usize::try_from(self.read::<i64>(1, at)).ok(),
                Layout::U64 => usize::try_from(self.read::<u64>(1, at)).ok(),
                _ => None,
            }
        }
    }

    /// Returns the number of a row in seconds; `None` for null.
    ///
    /// # Safety
    /// The array has this row.
    #[allow(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
    unsafe fn seconds(&self, row: usize) -> Option<f64> {
        if self.is_null(row) {
            return None;
        }
        let at = self.offset + row;
        // SAFETY: the second buffer has a number of the layout for each row.
        unsafe {
            Some(match self.layout {
                Layout::I8 => self.read::<i8>(1, at).into(),
                Layout::U8 => self.read::<u8>(1, at).into(),
                Layout::I16 => self.read::<i16>(1, at).into(),
                Layout::U16 => self.read::<u16>(1, at).into(),
                Layout::I32 => self.read::<i32>(1, at).into(),
                Layout::U32 => self.read::<u32>(1, at).into(),
                Layout::I64(unit) => self.read::<i64>(1, at) as f64 / f64::from(unit),
                Layout::U64 => self.read::<u64>(1, at) as f64,
                Layout::F32 => self.read::<f32>(1, at).into(),
                Layout::F64 => self.read(1, at),
                _ => return None,
            })
        }
    }
}

/// The column of an array: its rows, below those of the table that it may be in.
#[derive(Clone, Copy)]
struct Column<'a> {
    /// The validity of the table's rows.
    table: Option<Values<'a>>,
    values: Values<'a>,
    dictionary: Option<Values<'a>>,
    /// The rows of the table before the first one of this column.
    before: usize,
}

impl<'a> Column<'a> {
    fn new(kind: Type, array: &'a Array) -> Self {
        let (table, column) = if kind.is_in_table {
            let table = Values::new(Layout::I8, array);
            // SAFETY: a live array of this type has one child, which is live.
            (Some(table), unsafe { &**array.children })
        } else {
            (None, array)
        };
        let dictionary = kind.dictionary.map(|layout| {
            // SAFETY: a live array of this type has a dictionary, which is live.
            Values::new(layout, unsafe { &*column.dictionary })
        });
        let before = table.as_ref().map_or(0, |table| table.offset);
        Self { table, values: Values::new(kind.layout, column), dictionary, before }
    }

    fn is_null_in_table(&self, row: usize) -> bool {
        self.table.is_some_and(|table| table.is_null(row))
    }

    /// # Safety
    /// The array has this row.
    unsafe fn token(&self, row: usize) -> Option<&'a [u8]> {
        if self.is_null_in_table(row) {
            return None;
        }
        let row = self.before + row;
        // SAFETY: as promised by the caller; an index is that of a value of the dictionary.
        unsafe {
            match &self.dictionary {
                None => self.values.bytes(row),
                Some(dictionary) => dictionary.bytes(self.values.index(row)?),
            }
        }
    }

    /// # Safety
    /// The array has this row.
    unsafe fn time(&self, row: usize) -> Option<f64> {
        if self.is_null_in_table(row) {
            return None;
        }
        // SAFETY: as promised by the caller.
        unsafe { self.values.seconds(self.before + row) }
    }
}

/// The column of an array and its length.
struct Part {
    array: Array,
    len: usize,
    /// How many rows were read.
    read: usize,
}

/// A column that is read part by part.
pub(super) struct Input {
    kind: Type,
    stream: Option<Stream>,
    part: Option<Part>,
}

impl Input {
    /// Reads a column of tokens; the error is what it is instead.
    pub(super) fn of_tokens(exported: Exported) -> Result<Self, String> {
        Self::new(exported, Type::is_tokens)
    }

    /// Reads a column of times; the error is what it is instead.
    pub(super) fn of_times(exported: Exported) -> Result<Self, String> {
        Self::new(exported, Type::is_times)
    }

    fn new(exported: Exported, is_wanted: impl Fn(Type) -> bool) -> Result<Self, String> {
        match exported {
            Exported::Array(schema, array) => {
                let kind = Type::of(&schema, is_wanted)?;
                Ok(Self { kind, stream: None, part: Some(Part::new(array)) })
            }
            Exported::Stream(mut stream) => {
                let kind = Type::of(&stream.schema()?, is_wanted)?;
                Ok(Self { kind, stream: Some(stream), part: None })
            }
        }
    }

    /// Returns how many rows of the current part are to be read, after fetching the next part if
    /// there are none; 0 at the end.
    pub(super) fn available(&mut self) -> Result<usize, String> {
        loop {
            if let Some(part) = &self.part
                && part.read < part.len
            {
                return Ok(part.len - part.read);
            }
            self.part = match &mut self.stream {
                Some(stream) => stream.next()?.map(Part::new),
                None => None,
            };
            if self.part.is_none() {
                return Ok(0);
            }
        }
    }

    /// Returns the next tokens: at most `rows`, and no more after `size` bytes. They must be
    /// available.
    pub(super) fn tokens(&self, rows: usize, size: usize) -> Vec<Option<&[u8]>> {
        let Some(part) = &self.part else {
            return Vec::new();
        };
        let column = Column::new(self.kind, &part.array);
        let mut bytes = 0;
        let mut tokens = Vec::with_capacity(rows);
        for row in part.read..part.len.min(part.read + rows) {
            // SAFETY: the array has this row.
            let token = unsafe { column.token(row) };
            tokens.push(token);
            bytes += token.map_or(0, <[u8]>::len);
            if bytes >= size {
                break;
            }
        }
        tokens
    }

    /// Returns the next `rows` times, which must be available.
    pub(super) fn times(&self, rows: usize) -> Vec<Option<f64>> {
        let Some(part) = &self.part else {
            return Vec::new();
        };
        let column = Column::new(self.kind, &part.array);
        // SAFETY: the array has these rows.
        let time = |row| unsafe { column.time(row) };
        (part.read..part.len.min(part.read + rows)).map(time).collect()
    }

    /// Counts so many rows as read.
    pub(super) fn advance(&mut self, rows: usize) {
        if let Some(part) = &mut self.part {
            part.read += rows;
        }
    }
}

impl Part {
    fn new(array: Array) -> Self {
        let len = usize::try_from(array.length).unwrap_or(0);
        Self { array, len, read: 0 }
    }
}
