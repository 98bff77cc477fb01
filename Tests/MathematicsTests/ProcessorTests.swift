// How many threads there are: the processors a process may use, and what its environment says.
import CSupport
import Glibc
import Testing

@testable import Mathematics
@testable import TestSupport

struct ProcessorTests {
    @Test func thereIsOne() { #expect(spinnprop_support_processors() >= 1) }

    @Test(
        arguments: [
            // Version 2: the least of a group and of those above it, rounded up.
            ("0::/pod/box\n", ["pod/box/cpu.max": "150000 100000\n"], 2),
            ("0::/pod/box\n", ["pod/box/cpu.max": "max 100000\n", "pod/cpu.max": "100000 100000\n"], 1),
            ("0::/pod/box\n", ["pod/box/cpu.max": "max 100000\n"], Int.max),
            ("0::/\n", ["cpu.max": "20000 100000\n"], 1),
            // A path of the host, seen from inside a container.
            ("0::/far/away\n", ["cpu.max": "300000 100000\n"], 3),
            // Version 1.
            (
                "5:memory:/m\n4:cpu,cpuacct:/box\n3:cpuset:/\n",
                ["cpu,cpuacct/box/cpu.cfs_quota_us": "250000\n", "cpu,cpuacct/box/cpu.cfs_period_us": "100000\n"], 3
            ),
            ("2:cpu:/\n", ["cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"], Int.max),
            ("3:cpuset:/\n", ["cpuset/cpu.cfs_quota_us": "1\n", "cpuset/cpu.cfs_period_us": "1\n"], Int.max),
            ("nonsense\n:\n::\n", [:], Int.max), ("0::/x\n", ["x/cpu.max": "0 0\n"], Int.max),
        ] as [(String, [String: String], Int)])
    func quotasCount(memberships: String, files: [String: String], processors: Int) throws {
        #expect(try limit(memberships, files, spinnprop_support_processor_quota) == processors)
    }

    @Test(
        arguments: [
            ("0::/pod/box\n", ["pod/box/memory.max": "1000000\n", "pod/memory.max": "max\n"], 1_000_000),
            ("0::/pod/box\n", ["pod/box/memory.max": "max\n", "pod/memory.max": "2000000\n"], 2_000_000),
            ("0::/pod/box\n", ["pod/box/memory.max": "max\n"], Int.max),
            ("5:memory:/m\n4:cpu,cpuacct:/box\n", ["memory/m/memory.limit_in_bytes": "4096\n"], 4096),
            // As the kernel writes that there is none.
            ("5:memory:/\n", ["memory/memory.limit_in_bytes": "9223372036854771712\n"], 9_223_372_036_854_771_712),
            ("4:cpu:/\n", ["memory/memory.limit_in_bytes": "4096\n"], Int.max),
            ("0::/x\n", ["x/memory.max": "0\n"], Int.max),
        ] as [(String, [String: String], Int)])
    func memoryLimitsCount(memberships: String, files: [String: String], bytes: Int) throws {
        #expect(try limit(memberships, files, spinnprop_support_memory_limit) == bytes)
    }

    /// What a limit is where the control groups' files say so.
    private func limit(
        _ memberships: String, _ files: [String: String],
        _ limit: (UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> Int
    ) throws -> Int {
        try withTemporaryFolder { root in
            func write(_ path: String, _ text: String) {
                var folder = root
                for part in path.split(separator: "/").dropLast() {
                    folder += "/" + part
                    mkdir(folder, 0o700)
                }
                let file = fopen(root + "/" + path, "w")!
                fputs(text, file)
                fclose(file)
            }
            write("memberships", memberships)
            mkdir(root + "/mounts", 0o700)
            for (path, text) in files { write("mounts/" + path, text) }
            return limit(root + "/memberships", root + "/mounts")
        }
    }

    @Test func noFileMeansNoQuota() {
        #expect(spinnprop_support_processor_quota("/nowhere/at/all", "/nowhere") == Int.max)
        #expect(spinnprop_support_memory_limit("/nowhere/at/all", "/nowhere") == Int.max)
    }

    @Test(
        arguments: [
            ([:], 0), (["SPINNPROP_THREADS": "3", "OMP_NUM_THREADS": "2"], 3), (["OMP_NUM_THREADS": "2"], 2),
            (["OMP_NUM_THREADS": "2,4"], 2), (["OMP_NUM_THREADS": " 2 "], 2), (["OMP_NUM_THREADS": "0"], 0),
            (["OMP_NUM_THREADS": "-1"], 0), (["OMP_NUM_THREADS": "many"], 0), (["OMP_NUM_THREADS": ""], 0),
            (["OMP_NUM_THREADS": "5000"], 0), (["SPINNPROP_THREADS": "0", "OMP_NUM_THREADS": "2"], 0),
            (["SPINNPROP_THREADS": "many", "OMP_NUM_THREADS": "2"], 2), (["SPINNPROP_THREADS": "1025"], 0),
        ] as [([String: String], Int)])
    func theEnvironmentSays(environment: [String: String], threads: Int) {
        #expect(Threads.startValue { environment[$0] } == threads, "\(environment)")
    }
}
