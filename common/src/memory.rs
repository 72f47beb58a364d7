//! Giving freed memory back to the operating system.

/// Asks glibc to return free heap pages to the kernel. After a model is dropped, tens of
/// megabytes otherwise stay in the allocator's arenas and count as this process's memory.
/// Does nothing where the C library is another one.
pub fn release_free_pages() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code)]
    // SAFETY: malloc_trim takes no pointer and is thread-safe; it only releases free pages.
    unsafe {
        libc::malloc_trim(0);
    }
}
