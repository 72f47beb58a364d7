//! A memory cgroup with a limit, v1 or v2, removed when dropped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The group and which of its files say what.
pub struct MemoryGroup {
    dir: PathBuf,
    limit_bytes: u64,
    is_v2: bool,
}

impl MemoryGroup {
    /// Makes a group with this limit.
    ///
    /// # Errors
    /// Why this machine or user can't, in words.
    pub fn make(limit_bytes: u64) -> Result<Self, String> {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let name = format!("voice-test-{}-{number}", std::process::id());
        let v1 = Path::new("/sys/fs/cgroup/memory");
        let (parent, is_v2) = if v1.join("memory.limit_in_bytes").exists() {
            (v1, false)
        } else {
            (Path::new("/sys/fs/cgroup"), true)
        };
        let dir = parent.join(name);
        fs::create_dir(&dir).map_err(|cause| format!("{}: {cause}", parent.display()))?;
        let group = Self {
            dir,
            limit_bytes,
            is_v2,
        };
        let limit = if is_v2 {
            "memory.max"
        } else {
            "memory.limit_in_bytes"
        };
        fs::write(group.dir.join(limit), limit_bytes.to_string())
            .map_err(|cause| format!("{limit}: {cause}"))?;
        Ok(group)
    }

    /// The last component of its path.
    ///
    /// # Panics
    /// Never: it has one.
    pub fn name(&self) -> String {
        let name = self.dir.file_name().expect("a group has a name");
        name.to_string_lossy().into_owned()
    }

    /// What its processes may use together.
    pub fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    /// What they use now, page cache included.
    pub fn used_bytes(&self) -> u64 {
        let file = if self.is_v2 {
            "memory.current"
        } else {
            "memory.usage_in_bytes"
        };
        self.read(file).trim().parse().unwrap_or(0)
    }

    /// What they use now that the kernel can't just drop.
    pub fn held_bytes(&self) -> u64 {
        let stat = self.read("memory.stat");
        let prefix = if self.is_v2 { "" } else { "total_" };
        let pages = |list: &str| -> u64 {
            let line = stat
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{prefix}{list}_file ")));
            line.and_then(|it| it.trim().parse().ok()).unwrap_or(0)
        };
        self.used_bytes()
            .saturating_sub(pages("active") + pages("inactive"))
    }

    /// How many of them the kernel killed for want of memory.
    pub fn oom_kills(&self) -> u64 {
        let file = if self.is_v2 {
            "memory.events"
        } else {
            "memory.oom_control"
        };
        let text = self.read(file);
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        count.and_then(|it| it.trim().parse().ok()).unwrap_or(0)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.dir.join(file)).unwrap_or_default()
    }

    /// The command, started by a shell that joins the group first, so that all of its memory
    /// counts there. Its standard streams are to be set on the result.
    pub fn enter(&self, command: &Command) -> Command {
        let mut inside = Command::new("sh");
        inside
            .args(["-c", "echo $$ >\"$0\" && exec \"$@\""])
            .arg(self.dir.join("cgroup.procs"))
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        if let Some(dir) = command.get_current_dir() {
            inside.current_dir(dir);
        }
        inside
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // A process that was just killed leaves its group a moment later.
        for _ in 0..100 {
            if fs::remove_dir(&self.dir).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
