// The 32-bit keys of packets, laid out so that their ascending order is the order in which programs must add up.
import Mathematics
import SpiNNaker2

/// | kind | fields from the highest bit                                                 | ascending order                        |
/// |------|-----------------------------------------------------------------------------|----------------------------------------|
/// | spike| 0, copy, population, slice, index in slice                                  | population (feed-forward before recurrent), sender |
/// | error| 1, copy, population, slice, is recurrent, index in slice, block of receivers | connection, spike, block               |
///
/// Population, slice and index are the sender's in both: an error goes to the spike's sender. BioGrad's errors have the output's in place of
/// these, and their sign in place of the bit for recurrence; s- of its sleep are spikes of a population of their own.
package struct KeyLayout: Equatable, Sendable {
    private let indexBits: Int
    private let blockBits: Int
    private let sliceBits: Int
    private let populationBits: Int
    private let copyBits: Int

    /// - Parameters:
    ///   - blocks: of receivers, in the largest population.
    /// - Throws: `unsupported` if 32 bits are too few.
    package init(copies: Int, populations: Int, slices: Int, sliceWidth: Int, blocks: Int) throws(SpinnpropError) {
        indexBits = KeyLayout.bits(sliceWidth)
        blockBits = KeyLayout.bits(blocks)
        sliceBits = KeyLayout.bits(slices)
        populationBits = KeyLayout.bits(populations)
        copyBits = KeyLayout.bits(copies)
        let total = 2 + copyBits + populationBits + sliceBits + indexBits + blockBits
        guard total <= 32 else {
            throw .unsupported(
                "packet keys would need \(total) bits for \(copies) copies of \(populations) populations in up to \(slices) slices "
                    + "of up to \(sliceWidth) neurons; a key has 32: use fewer copies")
        }
    }

    private static func bits(_ count: Int) -> Int { Int.bitWidth - max(0, count - 1).leadingZeroBitCount }

    /// The most copies that the bits the other fields leave can number; 1 if they leave none.
    static func room(populations: Int, slices: Int, sliceWidth: Int, blocks: Int) -> Int {
        1 << max(0, 30 - bits(populations) - bits(slices) - bits(sliceWidth) - bits(blocks))
    }

    private var errorIndexShift: Int { blockBits }
    private var errorSliceShift: Int { blockBits + indexBits + 1 }

    private func head(copy: Int, population: Int, slice: Int) -> UInt32 {
        UInt32((copy << populationBits | population) << sliceBits | slice)
    }

    private func range(_ key: UInt32, low: Int) -> KeyRange {
        KeyRange(key: key, mask: low >= 32 ? 0 : ~0 << UInt32(low))
    }

    /// All spikes of a slice.
    package func spikes(copy: Int, population: Int, slice: Int) -> KeyRange {
        range(head(copy: copy, population: population, slice: slice) << UInt32(indexBits), low: indexBits)
    }

    /// All errors sent back to a slice.
    package func errors(copy: Int, population: Int, slice: Int) -> KeyRange {
        range(
            1 << 31 | head(copy: copy, population: population, slice: slice) << UInt32(errorSliceShift),
            low: errorSliceShift)
    }

    /// What follows the slice in an error's key.
    package func errorTail(isRecurrent: Bool, index: Int, block: Int) -> UInt32 {
        UInt32(((isRecurrent ? 1 : 0) << indexBits | index) << blockBits | block)
    }

    package func population(ofSpike key: UInt32) -> Int {
        Int(key >> UInt32(indexBits + sliceBits)) & (1 << populationBits - 1)
    }
    package func slice(ofSpike key: UInt32) -> Int { Int(key >> UInt32(indexBits)) & (1 << sliceBits - 1) }
    package func index(ofSpike key: UInt32) -> Int { Int(key) & (1 << indexBits - 1) }
    package func index(ofError key: UInt32) -> Int { Int(key >> UInt32(errorIndexShift)) & (1 << indexBits - 1) }
    package func isRecurrent(error key: UInt32) -> Bool { key >> UInt32(errorIndexShift + indexBits) & 1 != 0 }
    /// Equal for packets that belong to the same spike and connection.
    func group(ofError key: UInt32) -> UInt32 { key >> UInt32(errorIndexShift) }
}
