//! What a process holds in memory, as Linux tells.

use std::fs;

/// The most that a process held since it was last asked to forget, and what it holds now, in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// The most it held.
    pub peak: usize,
    /// What it holds now.
    pub now: usize,
}

impl Memory {
    /// Of the process with this id.
    ///
    /// # Panics
    ///
    /// When there is no such process, or this is no Linux.
    #[must_use]
    pub fn of(process: u32) -> Self {
        let status =
            fs::read_to_string(format!("/proc/{process}/status")).expect("a process on Linux");
        let kib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let number = line.and_then(|line| line.split_whitespace().nth(1));
            number
                .and_then(|number| number.parse().ok())
                .expect("a size in KiB")
        };
        Self {
            peak: kib("VmHWM:"),
            now: kib("VmRSS:"),
        }
    }

    /// Has the process forget the most it held; gives what it holds now.
    ///
    /// # Panics
    ///
    /// When there is no such process, or it is not ours.
    #[must_use]
    pub fn from_now_on(process: u32) -> Self {
        fs::write(format!("/proc/{process}/clear_refs"), "5").expect("a process of ours");
        Self::of(process)
    }
}
