// Options as tables: what each is called, where it is kept, and which values it may have, stated once for checks and bindings.

/// The values a number may have.
public struct Domain: Equatable, Sendable {
    public let low: Double
    public let high: Double
    public let includesLow: Bool
    public let includesHigh: Bool
    /// What messages say besides, as ", infinite for none".
    private let remark: String

    private init(_ low: Double, _ high: Double, _ includesLow: Bool, _ includesHigh: Bool, _ remark: String = "") {
        (self.low, self.high, self.includesLow, self.includesHigh) = (low, high, includesLow, includesHigh)
        self.remark = remark
    }

    /// Both bounds included.
    public static func closed(_ low: Double, _ high: Double) -> Domain { Domain(low, high, true, true) }
    public static func from(_ low: Double, below high: Double) -> Domain { Domain(low, high, true, false) }
    public static func above(_ low: Double, to high: Double) -> Domain { Domain(low, high, false, true) }
    /// Whatever a double holds: what it is for says more.
    public static let any = Domain(-.infinity, .infinity, true, true)
    /// Finite numbers > 0.
    public static let positive = Domain(0, .infinity, false, false)
    /// Finite numbers >= 0.
    public static let notNegative = Domain(0, .infinity, true, false)
    /// Numbers > 0 with infinity among them; `meaning`: what that stands for.
    public static func positive(infinity meaning: String) -> Domain {
        Domain(0, .infinity, false, true, ", infinite for \(meaning)")
    }
    public static func notNegative(infinity meaning: String) -> Domain {
        Domain(0, .infinity, true, true, ", infinite for \(meaning)")
    }
    /// Whole numbers from `low` on that the C interface can carry.
    public static func count(from low: Int) -> Domain { closed(Double(low), Double(Int32.max)) }
    /// Likewise in 64 bits.
    public static func longCount(from low: Int) -> Domain { closed(Double(low), longest) }
    /// 2^63 - 1 as float64 has it.
    private static let longest = 0x1p63
    /// Finite numbers > 0 at full precision.
    public static let positiveNormal = from(.leastNormalMagnitude, below: .infinity)
    /// Finite numbers.
    public static let finite = Domain(-.infinity, .infinity, false, false)
    /// Finite numbers >= 0 that are finite in single precision, too.
    public static let notNegativeSingle = closed(0, Double(Float.greatestFiniteMagnitude))
    /// Numbers > 0 that single precision holds at full precision.
    public static let positiveSingle = closed(
        Double(Float.leastNormalMagnitude), Double(Float.greatestFiniteMagnitude))

    public func contains(_ value: Double) -> Bool {
        (includesLow ? value >= low : value > low) && (includesHigh ? value <= high : value < high)
    }

    /// The domain as messages write it.
    public var text: String { text(refusing: 0) }

    /// Likewise to somebody who gave a value outside of it.
    public func text(refusing value: Double) -> String {
        func plain(_ bound: Double) -> String {
            bound == Domain.longest ? "2^63 - 1" : Int(exactly: bound).map { "\($0)" } ?? "\(bound)"
        }
        if !includesLow, low == -.infinity { return "finite" }
        if includesLow, includesHigh, high < .infinity { return "\(plain(low)) .. \(plain(high))\(remark)" }
        // Nobody thinks of the numbers between 0 and the smallest normal one, but who gave one.
        let isAnyPositive = low == .leastNormalMagnitude && !(value > 0 && value < low)
        let lower = isAnyPositive ? "> 0" : "\(includesLow ? ">=" : ">") \(plain(low))"
        if high == .infinity { return lower + (includesHigh ? remark : " and finite\(remark)") }
        return "\(lower) and \(includesHigh ? "<=" : "<") \(plain(high))\(remark)"
    }
}

/// An option's value in transit.
public enum OptionValue: Equatable, Sendable {
    case real(Double)
    case integer(Int)
    case word(UInt64)
    /// An optional one that is not given; C writes 0.
    case open

    /// The value as a number to compare with a domain; `nil` for words.
    public var number: Double? {
        switch self {
        case .real(let value): value
        case .integer(let value): Double(value)
        case .word, .open: nil
        }
    }
}

/// A row of a table of options: a number that is part of some value.
public struct OptionField<Options>: Sendable {
    /// The option's name in C and Python.
    public let name: String
    /// `nil`: whatever its type holds.
    public let domain: Domain?
    /// Whether it may be left open.
    public let isOptional: Bool
    /// Whether it is a whole number.
    public let isWhole: Bool
    public let get: @Sendable (Options) -> OptionValue
    private let put: @Sendable (inout Options, OptionValue) throws(SpinnpropError) -> Void

    /// - Throws: `invalidValue` if no such value exists; domains are looked at by `check`.
    public func set(_ options: inout Options, _ value: OptionValue) throws(SpinnpropError) { try put(&options, value) }

    /// - Throws: `invalidValue` naming the option, its value and its domain.
    public func check(_ options: Options) throws(SpinnpropError) { try check(get(options)) }

    /// Likewise of a value that is not set yet.
    public func check(_ value: OptionValue) throws(SpinnpropError) {
        guard let domain, let number = value.number, !domain.contains(number) else { return }
        let shown = if case .integer(let value) = value { "\(value)" } else { "\(number)" }
        let wanted = domain.text(refusing: number) + (isOptional ? ", or left open" : "")
        throw .invalidValue("\(name) is \(shown); it must be \(wanted)")
    }

    /// An option that is kept in some way of its own.
    public init(
        _ name: String, _ domain: Domain?, isWhole: Bool, isOptional: Bool = false,
        get: @escaping @Sendable (Options) -> OptionValue,
        put: @escaping @Sendable (inout Options, OptionValue) throws(SpinnpropError) -> Void
    ) {
        (self.name, self.domain, self.isWhole, self.isOptional) = (name, domain, isWhole, isOptional)
        (self.get, self.put) = (get, put)
    }

    public init(_ name: String, _ path: WritableKeyPath<Options, Double> & Sendable, _ domain: Domain) {
        self.init(
            name, domain, isWhole: false, get: { .real($0[keyPath: path]) },
            put: { (options, value) throws(SpinnpropError) in
                if let number = value.number { options[keyPath: path] = number }
            })
    }

    /// `nil` is left open.
    public init(_ name: String, _ path: WritableKeyPath<Options, Double?> & Sendable, _ domain: Domain) {
        self.init(
            name, domain, isWhole: false, isOptional: true,
            get: { $0[keyPath: path].map(OptionValue.real) ?? .open },
            put: { (options, value) throws(SpinnpropError) in options[keyPath: path] = value.number })
    }

    public init(_ name: String, _ path: WritableKeyPath<Options, Int> & Sendable, _ domain: Domain) {
        self.init(
            name, domain, isWhole: true, get: { .integer($0[keyPath: path]) },
            put: { (options, value) throws(SpinnpropError) in
                if case .integer(let number) = value { options[keyPath: path] = number }
            })
    }

    /// `nil` is left open.
    public init(_ name: String, _ path: WritableKeyPath<Options, Int?> & Sendable, _ domain: Domain) {
        self.init(
            name, domain, isWhole: true, isOptional: true,
            get: { $0[keyPath: path].map(OptionValue.integer) ?? .open },
            put: { (options, value) throws(SpinnpropError) in
                options[keyPath: path] = if case .integer(let number) = value { number } else { nil }
            })
    }

    public init(_ name: String, _ path: WritableKeyPath<Options, UInt64> & Sendable) {
        self.init(
            name, nil, isWhole: true, get: { .word($0[keyPath: path]) },
            put: { (options, value) throws(SpinnpropError) in
                if case .word(let number) = value { options[keyPath: path] = number }
            })
    }

    /// A flag; any number but 0 sets it.
    public init(_ name: String, _ path: WritableKeyPath<Options, Bool> & Sendable) {
        self.init(
            name, nil, isWhole: true, get: { .integer($0[keyPath: path] ? 1 : 0) },
            put: { (options, value) throws(SpinnpropError) in options[keyPath: path] = value != .integer(0) })
    }

    /// One of a few cases, by number.
    public init<Case: RawRepresentable<Int32> & CaseIterable & Sendable>(
        _ name: String, _ path: WritableKeyPath<Options, Case> & Sendable
    ) {
        self.init(
            name, .closed(0, Double(Case.allCases.count - 1)), isWhole: true,
            get: { .integer(Int($0[keyPath: path].rawValue)) },
            put: { (options, value) throws(SpinnpropError) in
                guard case .integer(let number) = value else { return }
                guard let own = Int32(exactly: number).flatMap({ Case(rawValue: $0) }) else {
                    throw .invalidValue("\(name) is \(number); it must be 0 .. \(Case.allCases.count - 1)")
                }
                options[keyPath: path] = own
            })
    }
}

extension OptionField {
    /// This option as one of a larger value that holds these options.
    public func within<Whole>(_ part: WritableKeyPath<Whole, Options> & Sendable) -> OptionField<Whole> {
        OptionField<Whole>(
            name, domain, isWhole: isWhole, isOptional: isOptional, get: { get($0[keyPath: part]) },
            put: { (whole, value) throws(SpinnpropError) in try put(&whole[keyPath: part], value) })
    }
}
