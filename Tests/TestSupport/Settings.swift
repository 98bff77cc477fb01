// What tests set for a while and leave as it was.
import Foundation
import Mathematics

/// Runs `body` on so many threads.
func withThreads<Result>(_ threads: Int, _ body: () throws -> Result) throws -> Result {
    let before = Threads.requested
    try Threads.set(threads)
    defer { try? Threads.set(before) }
    return try body()
}

/// A folder of its own for `body`, removed afterwards.
func withTemporaryFolder<Result>(_ body: (_ path: String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("spinnprop-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}
