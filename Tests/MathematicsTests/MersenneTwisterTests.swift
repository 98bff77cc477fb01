// The Mersenne Twister against the published words and against numpy.
import Mathematics
import Testing

/// Numbers from numpy.random.RandomState; Tests/DataSetsTests/Generators/yin_yang_reference.py prints them.
struct MersenneTwisterTests {
    @Test func publishedWords() {
        var generator = MersenneTwister(seed: 5489)
        #expect((0..<3).map { _ in generator.nextUInt32() } == [3_499_211_612, 581_869_302, 3_890_346_734])
        for _ in 3..<9999 { _ = generator.nextUInt32() }
        // The C++ standard requires this 10,000th word of std::mt19937.
        #expect(generator.nextUInt32() == 4_123_659_995)
    }

    @Test func numpyDoubles() {
        var generator = MersenneTwister(seed: 7)
        #expect(
            (0..<3).map { _ in generator.double() } == [0.07630828937395717, 0.7799187922401146, 0.4384092314408935])
    }

    @Test func numpyIntegers() {
        var generator = MersenneTwister(seed: 7)
        #expect((0..<12).map { _ in generator.integer(below: 3) } == [0, 1, 2, 0, 1, 2, 0, 1, 2, 2, 2, 0])
        generator = MersenneTwister(seed: 7)
        #expect((0..<5).map { _ in generator.integer(below: 1000) } == [175, 196, 537, 502, 579])
    }

    @Test func integerBounds() {
        var generator = MersenneTwister(seed: 1)
        var untouched = generator
        #expect(generator.integer(below: 0) == 0 && generator.integer(below: 1) == 0)
        #expect(generator.nextUInt32() == untouched.nextUInt32())
        // The whole range, and a power of two, reject nothing.
        #expect(generator.integer(below: 1 << 31) == untouched.nextUInt32() & 0x7FFF_FFFF)
        #expect(generator.integer(below: .max) == untouched.nextUInt32())
    }
}
