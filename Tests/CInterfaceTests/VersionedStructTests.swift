// Structs of older and newer programs: what their size covers is read and written, nothing else.
import CSpinnprop
import Mathematics
import Testing

@testable import CInterface

@Suite struct VersionedStructTests {
    @Test func fieldsBeyondTheSizeKeepTheirDefaults() throws {
        var options = spinnprop_forward_options.initial
        options.engine = OpaquePointer(bitPattern: 7)
        options.t_end = 1
        options.max_spikes = 5
        options.size = 24  // up to and with t_end
        let read = try spinnprop_forward_options.read(&options, "options")
        #expect(read.engine == OpaquePointer(bitPattern: 7))
        #expect(read.t_end == 1)
        #expect(read.max_spikes == spinnprop_forward_options.initial.max_spikes)
        #expect(read.size == MemoryLayout<spinnprop_forward_options>.size)
    }

    @Test func onlyTheSizeIsWritten() throws {
        var info = spinnprop_network_info.initial
        info.size = 16
        info.n_layers = 77
        var full = spinnprop_network_info.initial
        (full.n_inputs, full.n_layers, full.n_outputs) = (5, 2, 3)
        try spinnprop_network_info.destination(&info, "info").write(full)
        #expect(info.n_inputs == 5)
        #expect(info.n_layers == 2)
        #expect(info.n_outputs == 0)
        #expect(info.size == 16)
    }

    @Test(arguments: [0, 1, 8, 12, 17, 40, 4096, -1, Int.min])
    func sizesThatNoVersionHasAreRefused(_ size: Int) {
        var options = spinnprop_forward_options.initial
        options.size = size
        #expect(throws: SpinnpropError.self) { try spinnprop_forward_options.read(&options, "options") }
    }

    @Test func nullIsRefusedOrMeansDefaults() throws {
        #expect(throws: SpinnpropError.self) { try spinnprop_forward_options.read(nil, "options") }
        #expect(try spinnprop_forward_options.readOrInitial(nil, "options").t_end == .infinity)
    }

    /// A struct that grows must grow by whole words, so its size is a multiple of 8 in every version.
    @Test func sizesAreWholeWords() {
        let sizes = [
            MemoryLayout<spinnprop_spikes>.size, MemoryLayout<spinnprop_progress>.size,
            MemoryLayout<spinnprop_network_options>.size, MemoryLayout<spinnprop_network_info>.size,
            MemoryLayout<spinnprop_forward_options>.size, MemoryLayout<spinnprop_recording_info>.size,
            MemoryLayout<spinnprop_engine_info>.size,
            MemoryLayout<spinnprop_diagnostics>.size, MemoryLayout<spinnprop_loss>.size,
            MemoryLayout<spinnprop_gradient_options>.size, MemoryLayout<spinnprop_training_options>.size,
        ]
        #expect(sizes.allSatisfy { $0 % 8 == 0 })
    }
}
