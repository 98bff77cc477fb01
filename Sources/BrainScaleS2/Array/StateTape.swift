// An array's state as bytes, so that another of the same kind can go on from there.
import Mathematics

/// Numbers one after the other, eight bytes each, little-endian: what is written in an order is read in the same.
struct StateTape {
    private enum Mode {
        case counting, writing(UnsafeMutableBufferPointer<UInt8>), reading(UnsafeBufferPointer<UInt8>, isKept: Bool)
    }
    private let mode: Mode
    /// Bytes so far.
    private(set) var place = 0

    private init(_ mode: Mode) { self.mode = mode }

    static var counting: StateTape { StateTape(.counting) }
    static func writing(_ bytes: UnsafeMutableBufferPointer<UInt8>) -> StateTape { StateTape(.writing(bytes)) }
    /// `isKept`: else everything is only checked.
    static func reading(_ bytes: UnsafeBufferPointer<UInt8>, isKept: Bool) -> StateTape {
        StateTape(.reading(bytes, isKept: isKept))
    }

    var isReading: Bool {
        if case .reading = mode { return true }
        return false
    }

    /// Whether what is on the tape takes the place of what is handed to it.
    var isKept: Bool {
        if case .reading(_, true) = mode { return true }
        return false
    }

    /// - Returns: the word on the tape; when it is written or counted, the same.
    private mutating func word(_ own: UInt64) throws(SpinnpropError) -> UInt64 {
        defer { place += 8 }
        switch mode {
        case .counting: return own
        case .writing(let bytes):
            guard place + 8 <= bytes.count else { throw StateTape.damaged }
            for n in 0..<8 { bytes[place + n] = UInt8(truncatingIfNeeded: own &>> UInt64(8 * n)) }
            return own
        case .reading(let bytes, _):
            guard place + 8 <= bytes.count else { throw StateTape.damaged }
            return (0..<8).reduce(0) { $0 | UInt64(bytes[place + $1]) &<< UInt64(8 * $1) }
        }
    }

    /// What must be the same on the tape.
    mutating func match(_ own: UInt64) throws(SpinnpropError) {
        guard try word(own) == own else { throw StateTape.damaged }
    }

    /// - Returns: the number on the tape; when it is written or counted, the same.
    mutating func number(_ own: Double, _ domain: ClosedRange<Double>) throws(SpinnpropError) -> Double {
        let value = Double(bitPattern: try word(own.bitPattern))
        guard domain.contains(value) else { throw StateTape.damaged }
        return value
    }

    mutating func number(_ own: inout Double, _ domain: ClosedRange<Double>) throws(SpinnpropError) {
        let value = try number(own, domain)
        if isKept { own = value }
    }

    /// - Returns: the count on the tape; when it is written or counted, the same.
    mutating func count(_ own: Int, to limit: Int) throws(SpinnpropError) -> Int {
        let value = try word(UInt64(truncatingIfNeeded: own))
        guard value <= UInt64(limit) else { throw StateTape.damaged }
        return Int(value)
    }

    /// One that only grows.
    mutating func count(_ own: inout Int) throws(SpinnpropError) {
        let value = try count(own, to: 1 << 53)
        if isKept { own = value }
    }

    mutating func numbers(_ own: Block<Double>, _ count: Int, _ domain: ClosedRange<Double>) throws(SpinnpropError) {
        for n in 0..<count { try number(&own.pointer[n], domain) }
    }

    mutating func stream(_ own: inout RandomStream) throws(SpinnpropError) {
        var state = own.state
        for n in state.indices { state[n] = try word(state[n]) }
        guard let stream = RandomStream(state: state) else { throw StateTape.damaged }
        if isKept { own = stream }
    }

    /// All has been read.
    func end() throws(SpinnpropError) {
        if case .reading(let bytes, _) = mode, place != bytes.count { throw StateTape.damaged }
    }

    static let damaged = SpinnpropError.invalidValue(
        "this is no state of such an array: it is damaged, or another array's; give what an array with the same options has written"
    )
}
