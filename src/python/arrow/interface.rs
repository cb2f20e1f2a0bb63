//! The structs of the Arrow C data and C stream interfaces, and the capsules that carry them
//! (<https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html>).

use std::borrow::Cow;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::python::once::intern;

/// A struct that its producer releases.
pub(super) trait Released: Send + Sized + 'static {
    /// The name of its capsule.
    const NAME: &'static CStr;
    /// A struct that was released.
    fn released() -> Self;
    /// Calls the producer's function, unless the struct was released or moved to another place.
    fn release(&mut self);

    /// Takes the struct out of a capsule.
    ///
    /// Raises `ValueError` if it is another capsule.
    fn take(capsule: &Bound<'_, PyAny>) -> PyResult<Self> {
        let capsule = capsule.cast::<PyCapsule>()?;
        let pointer = capsule.pointer_checked(Some(Self::NAME))?.cast::<Self>();
        // SAFETY: by the name of the capsule, the pointer is that of such a struct, which nobody
        // else uses while the interpreter is held; a struct is moved by leaving a released one.
        Ok(unsafe { ptr::replace(pointer.as_ptr(), Self::released()) })
    }

    /// Puts the struct into a capsule, which releases it unless it is taken out.
    fn give(self, py: Python<'_>) -> PyResult<Bound<'_, PyCapsule>> {
        PyCapsule::new_with_value(py, self, Self::NAME)
    }
}

/// The type of an array.
#[repr(C)]
pub(super) struct Schema {
    pub(super) format: *const c_char,
    pub(super) name: *const c_char,
    pub(super) metadata: *const c_char,
    pub(super) flags: i64,
    pub(super) n_children: i64,
    pub(super) children: *mut *mut Schema,
    pub(super) dictionary: *mut Schema,
    pub(super) release: Option<unsafe extern "C" fn(*mut Schema)>,
    pub(super) private_data: *mut c_void,
}

/// The values of an array.
#[repr(C)]
pub(super) struct Array {
    pub(super) length: i64,
    pub(super) null_count: i64,
    pub(super) offset: i64,
    pub(super) n_buffers: i64,
    pub(super) n_children: i64,
    pub(super) buffers: *mut *const c_void,
    pub(super) children: *mut *mut Array,
    pub(super) dictionary: *mut Array,
    pub(super) release: Option<unsafe extern "C" fn(*mut Array)>,
    pub(super) private_data: *mut c_void,
}

/// A source of arrays of one type.
#[repr(C)]
pub(super) struct Stream {
    pub(super) get_schema: Option<unsafe extern "C" fn(*mut Stream, *mut Schema) -> c_int>,
    pub(super) get_next: Option<unsafe extern "C" fn(*mut Stream, *mut Array) -> c_int>,
    pub(super) get_last_error: Option<unsafe extern "C" fn(*mut Stream) -> *const c_char>,
    pub(super) release: Option<unsafe extern "C" fn(*mut Stream)>,
    pub(super) private_data: *mut c_void,
}

/// Implements what the structs have in common.
macro_rules! released {
    ($struct:ident, $name:literal, { $($field:ident: $value:expr),* $(,)? }) => {
        // SAFETY: the specification lets a consumer use a struct, and release it, in any thread, as
        // long as only one does at a time.
        unsafe impl Send for $struct {}
        // SAFETY: what a shared reference is used for, no other thread changes meanwhile.
        unsafe impl Sync for $struct {}

        impl Released for $struct {
            const NAME: &'static CStr = $name;

            fn released() -> Self {
                Self { $($field: $value,)* release: None, private_data: ptr::null_mut() }
            }

            fn release(&mut self) {
                if let Some(release) = self.release {
                    // SAFETY: the struct is its producer's, which has not released it, and nobody
                    // else uses it.
                    unsafe { release(self) };
                }
            }
        }

        impl Drop for $struct {
            fn drop(&mut self) {
                self.release();
            }
        }
    };
}

released!(Schema, c"arrow_schema", {
    format: ptr::null(), name: ptr::null(), metadata: ptr::null(), flags: 0, n_children: 0,
    children: ptr::null_mut(), dictionary: ptr::null_mut(),
});
released!(Array, c"arrow_array", {
    length: 0, null_count: 0, offset: 0, n_buffers: 0, n_children: 0, buffers: ptr::null_mut(),
    children: ptr::null_mut(), dictionary: ptr::null_mut(),
});
released!(Stream, c"arrow_array_stream", {
    get_schema: None, get_next: None, get_last_error: None,
});

impl Stream {
    /// Returns the type of the arrays.
    pub(super) fn schema(&mut self) -> Result<Schema, String> {
        let mut schema = Schema::released();
        let get = self.get_schema.ok_or_else(|| RELEASED.to_owned())?;
        // SAFETY: the stream is its producer's and was not released, as it has this function.
        match unsafe { get(self, &raw mut schema) } {
            0 => Ok(schema),
            _ => Err(self.last_error()),
        }
    }

    /// Returns the next array; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Array>, String> {
        let mut array = Array::released();
        let get = self.get_next.ok_or_else(|| RELEASED.to_owned())?;
        // SAFETY: as in `schema`.
        match unsafe { get(self, &raw mut array) } {
            0 => Ok(array.release.is_some().then_some(array)),
            _ => Err(self.last_error()),
        }
    }

    fn last_error(&mut self) -> String {
        let text = self.get_last_error.map_or(ptr::null(), |get| {
            // SAFETY: as in `schema`.
            unsafe { get(self) }
        });
        // SAFETY: the text is null, or ends with a zero and lives until the stream is used again.
        let text = (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy());
        text.map_or_else(|| "the stream of tokens failed".to_owned(), Cow::into_owned)
    }
}

const RELEASED: &str = "the stream of tokens was read already";

/// A column as its library exports it.
pub(super) enum Exported {
    Array(Schema, Array),
    Stream(Stream),
}

impl Exported {
    /// Exports a column; returns `None` if the object is not one of Arrow's.
    ///
    /// Raises whatever its library raises.
    pub(super) fn of(column: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        let py = column.py();
        if let Some(export) = column.getattr_opt(intern!(py, "__arrow_c_array__"))? {
            let (schema, array): (Bound<'_, PyAny>, Bound<'_, PyAny>) =
                export.call0()?.extract()?;
            return Ok(Some(Self::Array(Schema::take(&schema)?, Array::take(&array)?)));
        }
        match column.getattr_opt(intern!(py, "__arrow_c_stream__"))? {
            Some(export) => Ok(Some(Self::Stream(Stream::take(&export.call0()?)?))),
            None => Ok(None),
        }
    }
}
