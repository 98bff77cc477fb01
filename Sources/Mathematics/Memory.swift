// How much memory there is: what cannot succeed is refused before, since Swift ends the process when an allocation fails.
import Glibc

public enum Memory {
    /// Of this machine, in bytes.
    public static let physicalBytes = max(0, sysconf(Int32(_SC_PHYS_PAGES))) * max(0, sysconf(Int32(_SC_PAGESIZE)))

    /// - Throws: `outOfMemory` if `count` elements of `bytesPerElement` are more than half of what the machine has.
    public static func check(count: Int, bytesPerElement: Int, _ what: String) throws(SpinnpropError) {
        guard count <= physicalBytes / 2 / bytesPerElement else {
            throw SpinnpropError(
                .outOfMemory,
                "\(what) would take \(count) x \(bytesPerElement) bytes, more than half of this machine's memory "
                    + "(\(physicalBytes) bytes); make it smaller")
        }
    }
}
