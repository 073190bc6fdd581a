//! What a desk in this process writes into its log, for tests of what stands there and what doesn't. Each test has a process
//! of its own, so the log is this test's alone.

use parking_lot::Mutex;
use std::io;
use std::sync::Once;
use tracing_subscriber::fmt::MakeWriter;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Writes the log into memory.
#[derive(Clone, Copy)]
pub struct Kept;

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        *self
    }
}

/// Keeps everything from here on, as loud as it can be.
pub fn listen() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let all = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(Kept)
            .finish();
        tracing::subscriber::set_global_default(all).unwrap();
    });
}

/// What was written so far.
pub fn written() -> Vec<u8> {
    LOG.lock().clone()
}
