// What fits where tapes and sums have the room that an activity needs; and options that may be left open.
import Mathematics
import Networks
import SpiNNaker2Programs
import Testing

@Suite struct RoomyFitTests {
    @Test func whatFitsAsItIsStaysAsItIs() throws {
        let options = SpiNNaker2Options()
        let usual = try SpiNNaker2Fit(sizes: [5, 120, 3], batch: 22, options: options)
        let roomy = try SpiNNaker2Fit.roomy(sizes: [5, 120, 3], batch: 22, options: options)
        #expect(usual.fits && roomy.fits && roomy.copies == usual.copies)
        #expect(roomy.secondsPerStep == usual.secondsPerStep)
        #expect(roomy.spikesPerNeuron == options.spikesPerNeuron && roomy.activeSenders == options.activeSenders)
        // Smaller sums leave room for a larger network.
        #expect(usual.largest.lexicographicallyPrecedes(roomy.largest))
    }

    /// All inputs spike: sums for half of them have no room.
    @Test func roomIsMadeForTheActivity() throws {
        let sizes = [784, 350, 10]
        #expect(try !SpiNNaker2Fit(sizes: sizes, batch: 8, options: SpiNNaker2Options()).fits)
        let roomy = try SpiNNaker2Fit.roomy(sizes: sizes, batch: 8, options: SpiNNaker2Options())
        #expect(roomy.fits && roomy.spikesPerNeuron == 1 && roomy.activeSenders == 1)
        var options = SpiNNaker2Options()
        (options.spikesPerNeuron, options.activeSenders) = (1, 1)
        #expect(try SpiNNaker2Fit(sizes: sizes, batch: 8, options: options) == roomy)
    }

    @Test func whatNoNetworkHasIsRefused() {
        #expect(throws: SpinnpropError.self) {
            try SpiNNaker2Fit.roomy(sizes: [5], batch: 8, options: SpiNNaker2Options())
        }
    }

    /// Left open is nil; 0 is a value, and none that there is.
    @Test func zeroIsNotOpen() throws {
        for path in [
            \SpiNNaker2Options.copies, \SpiNNaker2Options.batchSize, \SpiNNaker2Options.fifoPackets,
            \SpiNNaker2Options.largestSlice,
        ] {
            var options = SpiNNaker2Options()
            try options.check()
            options[keyPath: path] = 0
            #expect(throws: SpinnpropError.self) { try options.check() }
            options[keyPath: path] = 1
            try options.check()
        }
        #expect(throws: SpinnpropError.self) { try ForwardOptions(maxSpikes: 0).check() }
        #expect(throws: SpinnpropError.self) { try ForwardOptions(endTime: .nan).check() }
    }
}
