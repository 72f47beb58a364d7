//! A session that several threads compute with at once.
//!
//! `ort` lends a session to one run at a time, because some execution providers can do no
//! better. ONNX Runtime itself allows calls of `Run` from several threads, and its CPU provider
//! gains from them: the weights are in memory once, a run that is alone gets all threads of the
//! session, and runs beside each other compute mostly on a thread of their own, which wastes
//! less than two threads that share each layer.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char};
use std::ptr::{NonNull, null_mut};

use ort::AsPointer as _;
use ort::session::{RunOptions, Session};
use ort::value::DynValue;

/// What a run of a model is given: values by the names of the model's inputs.
pub(crate) type Inputs = Vec<(&'static CStr, DynValue)>;

/// A session whose runs may overlap, and the name of the output that is wanted of it.
#[derive(Debug)]
pub(super) struct SharedSession {
    session: Session,
    output: CString,
}

impl SharedSession {
    /// Wants the first output of this session, which must compute on the CPU if its runs
    /// overlap.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn new(session: Session) -> Result<Self, String> {
        let name = session.outputs().first().map(ort::value::Outlet::name);
        let name = name.ok_or("has no output")?;
        let output = CString::new(name).map_err(|it| it.to_string())?;
        Ok(Self { session, output })
    }

    /// Computes the output from all inputs. May be called from several threads at once.
    ///
    /// # Errors
    /// The run failed, or was ended through its options.
    pub(super) fn run(
        &self,
        inputs: &[(&'static CStr, DynValue)],
        options: &RunOptions,
    ) -> ort::Result<DynValue> {
        let names: Vec<*const c_char> = inputs.iter().map(|(name, _)| name.as_ptr()).collect();
        let values: Vec<_> = inputs.iter().map(|(_, value)| value.ptr()).collect();
        let wanted = [self.output.as_ptr()];
        let mut outputs = [null_mut()];
        // SAFETY: ONNX Runtime's `Run` may be called by several threads with one session: it
        // does not change it (the pointer is mutable in the C interface only). All pointers
        // are of values that outlive the call, the lengths are those of the arrays, and with
        // null for an output the library makes it.
        let status = unsafe {
            (ort::api().Run)(
                self.session.ptr().cast_mut(),
                options.ptr(),
                names.as_ptr(),
                values.as_ptr(),
                inputs.len(),
                wanted.as_ptr(),
                wanted.len(),
                outputs.as_mut_ptr(),
            )
        };
        // SAFETY: a status is handed over once.
        unsafe { ort::Error::result_from_status(status) }?;
        let output = NonNull::new(outputs[0]).ok_or_else(|| ort::Error::new("no output"))?;
        // SAFETY: the library made this value for us, in memory of the session, which `inner`
        // keeps.
        Ok(unsafe { DynValue::from_ptr(output, Some(self.session.inner())) })
    }
}
