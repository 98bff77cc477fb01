// Whole files in and out: read with a bound, written beside the target and renamed.
import Glibc
import Mathematics

enum FileAccess {
    /// - Throws: `fileNotFound`; `fileError` with the system's words for anything else, a directory included; `outOfMemory` for a
    ///   file larger than the machine's memory.
    static func read(_ path: String) throws(SpinnpropError) -> [UInt8] {
        try check(path)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot read", path) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw failure("cannot read", path, EISDIR) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SpinnpropError(.fileError, "cannot read \(path): it is not a regular file")
        }
        let size = Int(status.st_size)
        try Memory.check(count: size, bytesPerElement: 1, "the content of \(path)")
        var failed: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            while count < size {
                let got = Glibc.read(descriptor, base + count, size - count)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failed = errno }
                if got <= 0 { return }
                count += got
            }
        }
        guard failed == 0 else { throw failure("cannot read", path, failed) }
        return bytes
    }

    /// Writes a new file beside the target, syncs it and renames it, so that a crash leaves the old file or the new one.
    ///
    /// - Throws: `fileNotFound` if the folder does not exist, `fileError` with the system's words for anything else.
    static func writeAtomically(_ bytes: [UInt8], to path: String) throws(SpinnpropError) {
        try check(path)
        var (descriptor, temporary) = (Int32(-1), "")
        for attempt in 0..<100 {
            temporary = "\(path).\(getpid()).\(attempt).tmp"
            descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if descriptor >= 0 || errno != EEXIST { break }
        }
        guard descriptor >= 0 else { throw failure("cannot write", path) }
        var failed = write(bytes, to: descriptor)
        if failed == 0 && fsync(descriptor) != 0 { failed = errno }
        if close(descriptor) != 0 && failed == 0 { failed = errno }
        if failed == 0 && rename(temporary, path) != 0 { failed = errno }
        guard failed == 0 else {
            unlink(temporary)
            throw failure("cannot write", path, failed)
        }
        syncFolder(of: path)
    }

    /// Whether something lies at the path.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Returns 0 or the error number.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let written = Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                if written < 0 && errno == EINTR { continue }
                if written < 0 { return errno }
                done += written
            }
            return 0
        }
    }

    /// Makes the rename itself last. Some file systems cannot; the file is whole either way.
    private static func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func check(_ path: String) throws(SpinnpropError) {
        guard !path.isEmpty else { throw .invalidValue("the path is empty; give the name of a file") }
        guard !path.utf8.contains(0) else {
            throw .invalidValue("the path contains a zero byte; give the name of a file")
        }
    }

    private static func failure(_ action: String, _ path: String, _ number: Int32 = errno) -> SpinnpropError {
        SpinnpropError(
            number == ENOENT ? .fileNotFound : .fileError, "\(action) \(path): \(String(cString: strerror(number)))")
    }
}
