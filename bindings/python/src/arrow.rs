//! Tables for whoever speaks the Arrow PyCapsule interface: the C data interface, as far as flat tables need it.
//!
//! # Layout
//! `ArrowSchema`, `ArrowArray` and `ArrowArrayStream` are the structs of the Arrow C data and stream interfaces
//! (<https://arrow.apache.org/docs/format/CDataInterface.html>). A table is one struct array whose children are its columns, none with
//! nulls. The stream gives it once.
//!
//! # Who frees what
//! Each struct carries a `release` that frees what its `private_data` owns and then sets `release` to null, as the interface asks;
//! children are released by their parent. Whoever takes the capsule moves the stream out of it and releases that; the capsule's
//! destructor releases a stream that nobody took.

use pyo3::{exceptions::PyValueError, ffi, prelude::*, types::PyCapsule};
use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    ptr,
    sync::Arc,
};

#[repr(C)]
struct ArrowSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut ArrowSchema,
    dictionary: *mut ArrowSchema,
    release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    private_data: *mut c_void,
}

#[repr(C)]
struct ArrowArray {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut ArrowArray,
    dictionary: *mut ArrowArray,
    release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    private_data: *mut c_void,
}

#[repr(C)]
struct ArrowArrayStream {
    get_schema: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowSchema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut ArrowArrayStream, *mut ArrowArray) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut ArrowArrayStream)>,
    private_data: *mut c_void,
}

/// One column: its name, its format in Arrow's words, and its buffers after that of the nulls.
struct Column {
    name: CString,
    format: CString,
    /// At addresses that are multiples of eight.
    buffers: Vec<Vec<u64>>,
}

struct Table {
    columns: Vec<Column>,
    length: i64,
}

struct SchemaParts {
    _table: Arc<Table>,
    children: Vec<*mut ArrowSchema>,
}

struct ArrayParts {
    _table: Arc<Table>,
    buffers: Vec<*const c_void>,
    children: Vec<*mut ArrowArray>,
}

struct StreamParts {
    table: Arc<Table>,
    is_given: bool,
}

const STRUCT: &CStr = c"+s";

fn schema_of(table: &Arc<Table>, column: Option<&Column>) -> ArrowSchema {
    let children = match column {
        Some(_) => Vec::new(),
        None => table.columns.iter().map(|c| Box::into_raw(Box::new(schema_of(table, Some(c))))).collect(),
    };
    let mut parts = Box::new(SchemaParts { _table: Arc::clone(table), children });
    ArrowSchema {
        // The texts live in the table, which the parts hold.
        format: column.map_or(STRUCT.as_ptr(), |column| column.format.as_ptr()),
        name: column.map_or(c"".as_ptr(), |column| column.name.as_ptr()),
        metadata: ptr::null(),
        flags: 0,
        n_children: parts.children.len() as i64,
        children: parts.children.as_mut_ptr(),
        dictionary: ptr::null_mut(),
        release: Some(release_schema),
        private_data: Box::into_raw(parts).cast(),
    }
}

fn array_of(table: &Arc<Table>, column: Option<&Column>) -> ArrowArray {
    let children = match column {
        Some(_) => Vec::new(),
        None => table.columns.iter().map(|c| Box::into_raw(Box::new(array_of(table, Some(c))))).collect(),
    };
    let data = column.map_or(&[][..], |column| &column.buffers).iter().map(|buffer| buffer.as_ptr().cast());
    let buffers = std::iter::once(ptr::null()).chain(data).collect();
    let mut parts = Box::new(ArrayParts { _table: Arc::clone(table), buffers, children });
    ArrowArray {
        length: table.length,
        null_count: 0,
        offset: 0,
        n_buffers: parts.buffers.len() as i64,
        n_children: parts.children.len() as i64,
        buffers: parts.buffers.as_mut_ptr(),
        children: parts.children.as_mut_ptr(),
        dictionary: ptr::null_mut(),
        release: Some(release_array),
        private_data: Box::into_raw(parts).cast(),
    }
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    // SAFETY: the interface calls this once with a schema that `schema_of` made and nobody has released; its private data is
    // the box of that time. A child that was moved out has no `release` any more, its own box is freed all the same.
    unsafe {
        let parts = Box::from_raw((*schema).private_data.cast::<SchemaParts>());
        for &child in &parts.children {
            if let Some(release) = (*child).release {
                release(child);
            }
            drop(Box::from_raw(child));
        }
        (*schema).release = None;
    }
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    // SAFETY: as for a schema, with what `array_of` made.
    unsafe {
        let parts = Box::from_raw((*array).private_data.cast::<ArrayParts>());
        for &child in &parts.children {
            if let Some(release) = (*child).release {
                release(child);
            }
            drop(Box::from_raw(child));
        }
        (*array).release = None;
    }
}

unsafe extern "C" fn get_schema(stream: *mut ArrowArrayStream, out: *mut ArrowSchema) -> c_int {
    // SAFETY: the interface calls this with a stream of ours that is not released, and room for a schema.
    unsafe {
        let parts = &*(*stream).private_data.cast::<StreamParts>();
        out.write(schema_of(&parts.table, None));
    }
    0
}

unsafe extern "C" fn get_next(stream: *mut ArrowArrayStream, out: *mut ArrowArray) -> c_int {
    // SAFETY: as for `get_schema`; nobody else uses the stream meanwhile.
    unsafe {
        let parts = &mut *(*stream).private_data.cast::<StreamParts>();
        let array = if parts.is_given {
            // The end is an array that is released.
            ArrowArray { release: None, private_data: ptr::null_mut(), ..empty_array() }
        } else {
            parts.is_given = true;
            array_of(&parts.table, None)
        };
        out.write(array);
    }
    0
}

fn empty_array() -> ArrowArray {
    ArrowArray {
        length: 0,
        null_count: 0,
        offset: 0,
        n_buffers: 0,
        n_children: 0,
        buffers: ptr::null_mut(),
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: None,
        private_data: ptr::null_mut(),
    }
}

unsafe extern "C" fn get_last_error(_: *mut ArrowArrayStream) -> *const c_char {
    ptr::null()
}

unsafe extern "C" fn release_stream(stream: *mut ArrowArrayStream) {
    // SAFETY: called once with a stream that `stream` made and nobody has released.
    unsafe {
        drop(Box::from_raw((*stream).private_data.cast::<StreamParts>()));
        (*stream).release = None;
    }
}

const NAME: &CStr = c"arrow_array_stream";

unsafe extern "C" fn destroy(capsule: *mut ffi::PyObject) {
    // SAFETY: Python calls this once with the capsule that `stream` made, whose pointer is a box of ours; whoever took the stream
    // has left it without `release`.
    unsafe {
        let stream = ffi::PyCapsule_GetPointer(capsule, NAME.as_ptr()).cast::<ArrowArrayStream>();
        if stream.is_null() {
            return;
        }
        if let Some(release) = (*stream).release {
            release(stream);
        }
        drop(Box::from_raw(stream));
    }
}

/// Name, format and buffers of a column.
type Given = (String, String, Vec<Vec<u8>>);

/// A table of columns of `length` as a capsule that holds an Arrow stream.
#[pyfunction]
pub fn arrow_stream(py: Python<'_>, columns: Vec<Given>, length: i64) -> PyResult<Bound<'_, PyCapsule>> {
    let text = |text: String| CString::new(text).map_err(|_| PyValueError::new_err("a name with a zero byte"));
    let aligned = |bytes: Vec<u8>| {
        // One word at least: a null pointer is for buffers that are not there.
        let mut words = vec![0u64; bytes.len().div_ceil(8).max(1)];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(&bytes);
        words
    };
    let column = |(name, format, buffers): Given| {
        let buffers = buffers.into_iter().map(aligned).collect();
        Ok(Column { name: text(name)?, format: text(format)?, buffers })
    };
    let columns = columns.into_iter().map(column).collect::<PyResult<_>>()?;
    let parts = StreamParts { table: Arc::new(Table { columns, length }), is_given: false };
    let stream = Box::into_raw(Box::new(ArrowArrayStream {
        get_schema: Some(get_schema),
        get_next: Some(get_next),
        get_last_error: Some(get_last_error),
        release: Some(release_stream),
        private_data: Box::into_raw(Box::new(parts)).cast(),
    }));
    // SAFETY: the pointer is not null and stays valid until `destroy`; the name is static. What the call returns is a new
    // reference to a capsule, or null with an exception set.
    unsafe {
        let capsule = ffi::PyCapsule_New(stream.cast(), NAME.as_ptr(), Some(destroy));
        if capsule.is_null() {
            release_stream(stream);
            drop(Box::from_raw(stream));
        }
        Bound::from_owned_ptr_or_err(py, capsule).map(|capsule| capsule.cast_into_unchecked())
    }
}
