// Whole files in and out: read with a bound, written beside the target and renamed.
import Glibc
import Mathematics

enum FileAccess {
    /// - Throws: `fileNotFound`; `fileError` with the system's words for anything else, a directory, FIFO or device included;
    ///   `outOfMemory` for a file larger than the machine's memory.
    static func read(_ path: FilePath) throws(SpinnpropError) -> [UInt8] {
        try check(path)
        // Without O_NONBLOCK, opening a FIFO waits for whoever writes to it.
        let descriptor = repeating { path.withCString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) } }
        guard descriptor >= 0 else { throw failure("cannot open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot read", path) }
        try checkRegular(status, "cannot read", path)
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
    /// Symbolic links are followed, and the old file's permissions stay.
    ///
    /// - Throws: `fileNotFound` if the folder does not exist, `fileError` with the system's words for anything else and for a
    ///   target that is there and no regular file.
    static func writeAtomically(_ bytes: [UInt8], to path: FilePath) throws(SpinnpropError) {
        let (target, temporary, descriptor) = try openBeside(path)
        var failed = write(bytes, to: descriptor)
        if failed == 0 && repeating({ fsync(descriptor) }) != 0 { failed = errno }
        // An interrupted close has closed, and the content is synced by then.
        if close(descriptor) != 0 && failed == 0 && errno != EINTR { failed = errno }
        if failed == 0 && temporary.withCString({ from in target.withCString { rename(from, $0) } }) != 0 {
            failed = errno
        }
        guard failed == 0 else {
            _ = temporary.withCString { unlink($0) }
            throw failure("cannot write", path, failed)
        }
        syncFolder(of: target)
    }

    /// Checks that a file could be written there, by opening one beside it: before work begins whose result shall lie there.
    ///
    /// - Throws: as `writeAtomically`.
    static func checkWritable(_ path: FilePath) throws(SpinnpropError) {
        let (_, temporary, descriptor) = try openBeside(path)
        close(descriptor)
        _ = temporary.withCString { unlink($0) }
    }

    /// A new file in the folder of the target, with its permissions.
    private static func openBeside(
        _ path: FilePath
    ) throws(SpinnpropError) -> (target: FilePath, temporary: FilePath, descriptor: Int32) {
        try check(path)
        let target = try resolved(path)
        var (old, mode) = (stat(), mode_t(0o666))
        let replaces = target.withCString { lstat($0, &old) } == 0
        if replaces {
            try checkRegular(old, "cannot write", path)
            mode = old.st_mode & 0o777
        }
        // The name's length does not depend on the target's, which may be the longest there is.
        let beside = folder(of: target) + ".spinnprop.\(getpid())."
        var (descriptor, temporary) = (Int32(-1), beside)
        for attempt in 0..<100 {
            temporary = beside + "\(attempt).tmp"
            descriptor = repeating {
                temporary.withCString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode) }
            }
            if descriptor >= 0 || errno != EEXIST { break }
        }
        guard descriptor >= 0 else { throw failure("cannot write", path) }
        // What the umask took away. Some file systems have no permissions; the content is what counts.
        if replaces { fchmod(descriptor, mode) }
        return (target, temporary, descriptor)
    }

    /// Whether something lies at the path.
    static func exists(_ path: FilePath) -> Bool { path.withCString { access($0, F_OK) } == 0 }

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
    private static func syncFolder(of path: FilePath) {
        let descriptor = repeating { folder(of: path).withCString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) } }
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// The folder a path lies in, with the slash at its end.
    private static func folder(of path: FilePath) -> FilePath {
        path.bytes.lastIndex(of: UInt8(ascii: "/")).map { FilePath(bytes: Array(path.bytes[...$0])) } ?? "./"
    }

    /// Where a path leads once symbolic links are followed, be there a file or not.
    private static func resolved(_ path: FilePath) throws(SpinnpropError) -> FilePath {
        var target = path
        // As many links as the system itself follows.
        for _ in 0..<40 {
            let link = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
                count = buffer.withMemoryRebound(to: CChar.self) { room in
                    max(0, target.withCString { readlink($0, room.baseAddress.unsafelyUnwrapped, room.count) })
                }
            }
            guard let first = link.first else { return target }
            target = FilePath(bytes: first == UInt8(ascii: "/") ? link : folder(of: target).bytes + link)
        }
        throw failure("cannot write", path, ELOOP)
    }

    private static func checkRegular(_ status: stat, _ action: String, _ path: FilePath) throws(SpinnpropError) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: throw failure(action, path, EISDIR)
        default: throw SpinnpropError(.fileError, "\(action) \(path): it is not a regular file")
        }
    }

    /// A system call, again for as long as signals interrupt it.
    private static func repeating(_ call: () -> Int32) -> Int32 {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }

    private static func check(_ path: FilePath) throws(SpinnpropError) {
        guard !path.bytes.isEmpty else { throw .invalidValue("the path is empty; give the name of a file") }
        guard !path.bytes.contains(0) else {
            throw .invalidValue("the path contains a zero byte; give the name of a file")
        }
    }

    private static func failure(_ action: String, _ path: FilePath, _ number: Int32 = errno) -> SpinnpropError {
        SpinnpropError(
            number == ENOENT ? .fileNotFound : .fileError, "\(action) \(path): \(String(cString: strerror(number)))")
    }
}
