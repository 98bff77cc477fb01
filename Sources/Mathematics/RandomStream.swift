// Seeded random numbers: xoshiro256++ streams that are the same on every machine and in every release.

/// SplitMix64 (Steele, Lea and Flood 2014): a counter passed through a bijective mixer. Seeds the larger generator.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z &>> 31)
    }
}

/// One of 2^64 streams of random numbers that belong to a seed.
///
/// The generator is xoshiro256++ (Blackman and Vigna 2021), period 2^256 - 1. Its four words are the first four outputs
/// of SplitMix64 started at (first output of SplitMix64 started at `seed`) xor `stream`. What each call draws is part
/// of the contract: files and published results depend on it.
public struct RandomStream: Sendable, Equatable {
    private var s0, s1, s2, s3: UInt64

    public init(seed: UInt64, stream: UInt64) {
        var seeding = SplitMix64(state: seed)
        var words = SplitMix64(state: seeding.next() ^ stream)
        s0 = words.next()
        s1 = words.next()
        s2 = words.next()
        s3 = words.next()
    }

    /// The whole state, four words: what a checkpoint keeps.
    public var state: [UInt64] { [s0, s1, s2, s3] }

    /// Goes on where `state` was read. `nil` unless it has four words that are not all 0.
    public init?(state: [UInt64]) {
        guard state.count == 4, state.contains(where: { $0 != 0 }) else { return nil }
        (s0, s1, s2, s3) = (state[0], state[1], state[2], state[3])
    }

    /// A stream of a purpose, so that no two purposes share numbers even under one seed: the purpose is the stream's upper byte; `first` and
    /// `second` lie below it, 28 bits each.
    public init(seed: UInt64, purpose: UInt64, _ first: UInt64, _ second: UInt64 = 0) {
        self.init(seed: seed, stream: purpose << 56 | (first & 0xFFF_FFFF) << 28 | (second & 0xFFF_FFFF))
    }

    public mutating func nextUInt64() -> UInt64 {
        let sum = s0 &+ s3
        let result = ((sum &<< 23) | (sum &>> 41)) &+ s0
        let shifted = s1 &<< 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= shifted
        s3 = (s3 &<< 45) | (s3 &>> 19)
        return result
    }

    /// Uniform in [0, 1), a multiple of 2^-53: the upper 53 bits of one word.
    public mutating func uniform() -> Double {
        Double(nextUInt64() &>> 11) * 0x1p-53
    }

    /// Normal with mean 0 and variance 1: Marsaglia's polar method on pairs of uniforms in [-1, 1). The second number
    /// of each accepted pair is dropped, so that nothing is kept outside `state`.
    public mutating func normal() -> Double {
        while true {
            let u = 2 * uniform() - 1
            let v = 2 * uniform() - 1
            let square = u * u + v * v
            if square < 1 && square > 0 {
                return u * (-2 * Elementary.log(square) / square).squareRoot()
            }
        }
    }

    /// Many such numbers at once, both of each accepted pair: four pairs at a time, the first numbers of all four before the second ones.
    ///
    /// - Parameter values: room for `count` rounded up to whole eights, all of which are drawn.
    public mutating func normals(_ values: UnsafeMutablePointer<Double>, _ count: Int) {
        var n = 0
        while n < count {
            var squares = SIMD4<Double>(repeating: 1)
            var lane = 0
            while lane < 4 {
                let u = 2 * uniform() - 1
                let v = 2 * uniform() - 1
                let square = u * u + v * v
                guard square < 1 && square > 0 else { continue }
                (values[n &+ lane], values[n &+ lane &+ 4], squares[lane]) = (u, v, square)
                lane &+= 1
            }
            let scale = Elementary.squareRoot(-2 * Elementary.log(squares) / squares)
            for part in 0..<2 {
                let place = UnsafeMutableRawPointer(values + (n &+ 4 &* part))
                place.storeBytes(of: place.loadUnaligned(as: SIMD4<Double>.self) * scale, as: SIMD4<Double>.self)
            }
            n &+= 8
        }
    }

    /// 64 Bernoulli trials at once, with one probability, in each of the lanes that are set: the lanes in which it succeeds.
    ///
    /// Each lane's uniform number is drawn bit by bit, from the highest on and for all lanes with one word, and compared with the
    /// probability's until no lane is left in doubt: some 2 + log2(lanes) words, and none for a probability of 0 or 1.
    ///
    /// - Parameter probability: 0 ... 1, taken as a multiple of 2^-64.
    public mutating func trials(_ probability: Double, among lanes: UInt64) -> UInt64 {
        var words = 0
        return trials(probability, among: lanes, words: &words)
    }

    /// The same. - Parameter words: is raised by the words drawn.
    package mutating func trials(_ probability: Double, among lanes: UInt64, words: inout Int) -> UInt64 {
        guard probability < 1 else { return lanes }
        var bits = UInt64(probability * 0x1p64)
        var (doubtful, successes) = (lanes, 0 as UInt64)
        while doubtful != 0, bits != 0 {
            let word = nextUInt64()
            words &+= 1
            // All ones where the probability's bit is 1: a lane's bit of 0 is then below it, else a lane's bit of 1 above it.
            let mask = 0 &- (bits &>> 63)
            successes |= doubtful & ~word & mask
            doubtful &= word ^ ~mask
            bits &<<= 1
        }
        return successes
    }

    /// Uniform in 0 ..< bound without bias (Lemire 2019, multiplication with rejection). 0 for a bound below 1.
    public mutating func index(below bound: Int) -> Int {
        guard bound >= 1 else { return 0 }
        let range = UInt64(bound)
        // 2^64 mod range: products whose low word is smaller would count some results once too often.
        let excess = (0 &- range) % range
        while true {
            let product = nextUInt64().multipliedFullWidth(by: range)
            if product.low >= excess { return Int(product.high) }
        }
    }

    /// Puts the values in random order (Fisher and Yates, from the last to the second).
    public mutating func shuffle(_ values: inout [Int]) {
        var last = values.count - 1
        while last > 0 {
            values.swapAt(last, index(below: last + 1))
            last -= 1
        }
    }
}
