// The one error type of the library: what was wrong, the value seen, the remedy.

/// Thrown by every function of the library that can fail. `message` is one line and names the value and the remedy.
public struct SpinnpropError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What sort of failure this is; each case is one status of the C interface.
    public enum Kind: Int32, Sendable, CaseIterable {
        case invalidValue = 1
        case invalidIndex = 2
        case outOfMemory = 3
        case fileNotFound = 4
        case fileError = 5
        case cancelled = 6
        case tooManySpikes = 7
        case staleRecording = 8
        case unsupported = 9
        case `internal` = 10
    }

    public let kind: Kind
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }

    public static func invalidValue(_ message: String) -> SpinnpropError { SpinnpropError(.invalidValue, message) }
    public static func invalidIndex(_ message: String) -> SpinnpropError { SpinnpropError(.invalidIndex, message) }
    public static func unsupported(_ message: String) -> SpinnpropError { SpinnpropError(.unsupported, message) }
    public static let cancelled = SpinnpropError(.cancelled, "cancelled by the progress callback")
}
