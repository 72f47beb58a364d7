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
pub type Inputs = Vec<(&'static CStr, DynValue)>;

/// A session whose runs may overlap, and the names of the outputs that are wanted of it: so many,
/// from the first one on.
#[derive(Debug)]
pub struct SharedSession<const OUTPUTS: usize> {
    session: Session,
    outputs: [CString; OUTPUTS],
}

impl<const OUTPUTS: usize> SharedSession<OUTPUTS> {
    /// Wants the first outputs of this session, which must compute on the CPU if its runs overlap.
    ///
    /// # Errors
    /// There are fewer, in words that follow the model's name.
    pub fn new(session: Session) -> Result<Self, String> {
        let names = session.outputs().iter().map(ort::value::Outlet::name);
        let outputs = (names.take(OUTPUTS).map(CString::new))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|it| it.to_string())?;
        let outputs = <[CString; OUTPUTS]>::try_from(outputs)
            .map_err(|it| format!("has {} of {OUTPUTS} outputs", it.len()))?;
        Ok(Self { session, outputs })
    }

    /// Computes the outputs from all inputs. May be called from several threads at once.
    ///
    /// # Errors
    /// The run failed, or was ended through its options.
    pub fn run(
        &self,
        inputs: &[(&'static CStr, DynValue)],
        options: &RunOptions,
    ) -> ort::Result<[DynValue; OUTPUTS]> {
        let names: Vec<*const c_char> = inputs.iter().map(|(name, _)| name.as_ptr()).collect();
        let values: Vec<_> = inputs.iter().map(|(_, value)| value.ptr()).collect();
        let wanted = self.outputs.each_ref().map(|it| it.as_ptr());
        let mut outputs = [null_mut(); OUTPUTS];
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
        let outputs: Vec<_> = (outputs.into_iter().filter_map(NonNull::new))
            // SAFETY: the library made these values for us, in memory of the session, which
            // `inner` keeps.
            .map(|output| unsafe { DynValue::from_ptr(output, Some(self.session.inner())) })
            .collect();
        let count = outputs.len();
        (outputs.try_into()).map_err(|_| ort::Error::new(format!("{count} of {OUTPUTS} outputs")))
    }
}
