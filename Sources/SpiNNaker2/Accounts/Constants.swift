// The facts of the chip that every estimate rests on: one table, each with its unit, how far it can be trusted, and its source.
import Mathematics

/// How far a constant can be trusted.
public enum ConstantMark: String, Sendable, CaseIterable {
    /// From the chip's makers: papers, or the code they publish.
    case primary = "P"
    /// From a source that quotes them.
    case secondary = "S"
    /// Worked out from other entries.
    case derived = "D"
    /// Nothing is published: a stated assumption.
    case assumed = "assumed"
}

/// One row of the table.
public struct Constant: Equatable, Sendable {
    public let name: String
    public let value: Double
    public let unit: String
    public let mark: ConstantMark
    public let source: String
    /// Whether it counts things; then it must be a whole number.
    public let isCount: Bool
}

/// The names of the constants. The raw value is the row in `SpiNNaker2Constants.table`.
public enum SpiNNaker2Constant: Int, Sendable, CaseIterable {
    case applicationPEs, lowClock, highClock, sramBytes, codeBytes, heapBytes
    case dramBytes, dramBandwidth, dmaAlignment, dmaSetupCycles, dmaBytesPerCycle
    case nocClock, nocCyclesPerHop, packetBits, routerEntries, routerBandwidth, routerLinkBandwidth
    case linkBandwidth, hostBandwidth, tick
    case offPower, lowSleepPower, highSleepPower, lowCycleEnergy, highCycleEnergy
    case hopEnergy, linkEnergy, dramEnergy, setUpTime, cleanUpTime

    /// Far beyond any chip, yet so that no count made with it leaves 64 bits.
    var domain: ClosedRange<Double> {
        switch self {
        case .applicationPEs: 1...Double(QuadGrid.peCount)
        case .dmaAlignment: 1...32
        case .dmaSetupCycles, .packetBits: 1...1e6
        case .dmaBytesPerCycle: 1e-3...1e6
        case .sramBytes, .codeBytes, .heapBytes, .dramBytes, .routerEntries: 1...1e15
        case .tick: 1e-9...1e6
        default: 1e-18...1e18
        }
    }
}

/// The constants of one kind of chip; any of them can be replaced.
///
/// The mesh's clock and cycles per hop, and the router's bandwidths, enter no estimate, as their rows say: packets are taken to arrive within
/// the tick. They stand here for those who want to judge that.
public struct SpiNNaker2Constants: Equatable, Sendable {
    /// Row `n` belongs to the constant with raw value `n`.
    public private(set) var table: [Constant] = SpiNNaker2Constants.published

    public init() {}

    public subscript(_ constant: SpiNNaker2Constant) -> Double { table[constant.rawValue].value }

    func count(_ constant: SpiNNaker2Constant) -> Int { Int(self[constant]) }

    /// Replaces a value; its source is then "given by the user".
    ///
    /// - Throws: `invalidValue` unless the value is in the constant's domain (`tick` may be 0), whole where the constant counts things, and
    ///   for `dmaAlignment` a divisor of 32.
    public mutating func set(_ constant: SpiNNaker2Constant, to value: Double) throws(SpinnpropError) {
        let old = table[constant.rawValue]
        let isAllowedZero = constant == .tick && value == 0
        let domain = constant.domain
        let seen = "\(old.name) is \(value) \(old.unit); it must be "
        guard isAllowedZero || domain.contains(value) else {
            throw .invalidValue(
                seen + "\(domain.lowerBound) .. \(domain.upperBound)" + (constant == .tick ? ", or 0" : ""))
        }
        guard !old.isCount || value == value.rounded() else { throw .invalidValue(seen + "a whole number") }
        // Programs transfer whole blocks of eight float32 numbers.
        guard constant != .dmaAlignment || 32 % Int(value) == 0 else {
            throw .invalidValue(seen + "1, 2, 4, 8, 16 or 32")
        }
        table[constant.rawValue] = Constant(
            name: old.name, value: value, unit: old.unit, mark: .assumed, source: "given by the user",
            isCount: old.isCount)
    }

    /// - Throws: `invalidValue` naming the constants there are.
    public mutating func set(_ name: String, to value: Double) throws(SpinnpropError) {
        guard let constant = SpiNNaker2Constant.allCases.first(where: { table[$0.rawValue].name == name }) else {
            throw .invalidValue(
                "there is no constant \"\(name)\"; it must be one of " + table.map(\.name).joined(separator: ", "))
        }
        try set(constant, to: value)
    }

    /// - Throws: `invalidValue` if code and heap leave nothing of the SRAM.
    func check() throws(SpinnpropError) {
        guard dataBytes > 0 else {
            throw .invalidValue(
                "code_bytes (\(count(.codeBytes))) and heap_bytes (\(count(.heapBytes))) leave nothing of sram_bytes "
                    + "(\(count(.sramBytes))); lower them")
        }
    }

    public var pesPerChip: Int { count(.applicationPEs) }

    /// What buffers can have of a PE's SRAM, in bytes.
    public var dataBytes: Int { count(.sramBytes) - count(.codeBytes) - count(.heapBytes) }
}
