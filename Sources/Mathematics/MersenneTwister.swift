// The Mersenne Twister as numpy's RandomState runs it, for data sets that were published with it.

/// MT19937 (Matsumoto and Nishimura 1998), seeded by one 32-bit number (their `init_genrand`) as
/// `numpy.random.RandomState(seed)` seeds it. New randomness takes `RandomStream` instead.
public struct MersenneTwister: Sendable {
    private static let length = 624
    private static let middle = 397

    private var words: [UInt32]
    private var position = MersenneTwister.length

    public init(seed: UInt32) {
        words = [seed]
        words.reserveCapacity(MersenneTwister.length)
        var last = seed
        for index in 1..<UInt32(MersenneTwister.length) {
            last = 1_812_433_253 &* (last ^ (last &>> 30)) &+ index
            words.append(last)
        }
    }

    /// The next 32-bit word.
    public mutating func nextUInt32() -> UInt32 {
        if position == MersenneTwister.length { refill() }
        var word = words[position]
        position += 1
        word ^= word &>> 11
        word ^= (word &<< 7) & 0x9D2C_5680
        word ^= (word &<< 15) & 0xEFC6_0000
        return word ^ (word &>> 18)
    }

    /// Uniform in [0, 1) with 53 bits, from two words: `RandomState.rand`.
    public mutating func double() -> Double {
        let high = nextUInt32() &>> 5
        let low = nextUInt32() &>> 6
        return (Double(high) * 0x1p26 + Double(low)) / 0x1p53
    }

    /// Uniform in 0 ..< bound: words cut to the bits of bound - 1, those too large rejected: `RandomState.randint`.
    /// 0 for a bound of 0 or 1, without a draw.
    public mutating func integer(below bound: UInt32) -> UInt32 {
        guard bound > 1 else { return 0 }
        let mask = UInt32.max &>> UInt32((bound - 1).leadingZeroBitCount)
        while true {
            let word = nextUInt32() & mask
            if word < bound { return word }
        }
    }

    private mutating func refill() {
        for index in words.indices {
            let next = words[(index + 1) % MersenneTwister.length]
            let joined = (words[index] & 0x8000_0000) | (next & 0x7FFF_FFFF)
            let twisted = (joined &>> 1) ^ (joined & 1 == 0 ? 0 : 0x9908_B0DF)
            words[index] = words[(index + MersenneTwister.middle) % MersenneTwister.length] ^ twisted
        }
        position = 0
    }
}
