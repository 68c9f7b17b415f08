"""The library and the tool on the Debian kernel's VFIO, with devices that are not ours."""

from guest import Guest, support

EDU = "0000:00:05.0"
NIC = "0000:00:06.0"
STOCK = ["-device edu,addr=5", "-device e1000e,addr=6,romfile="]


class EduTest(support.SystemTest):
    def test_registers_dma_and_interrupts(self) -> None:
        guest = Guest(self, "qemu7", STOCK, programs=("tautline", "guest_edu"))
        self.assertIn(f"{EDU} is bound to vfio-pci", guest.check(f"tautline bind {EDU}"))
        self.assertIn("twice", guest.check(f"guest_edu pci:{EDU}"))
        # It is a device, but none of ours, and says so without being touched.
        status, words = guest.run(f"tautline info pci:{EDU}")
        self.assertEqual(status, 1)
        self.assertIn("not a Tautline device", words)


class BindTest(support.SystemTest):
    def driver(self, guest: Guest, address: str) -> str:
        return guest.check(f"basename $(readlink /sys/bus/pci/devices/{address}/driver)")

    def test_a_network_card_goes_to_vfio_and_back(self) -> None:
        guest = Guest(self, "qemu7", STOCK)
        self.assertEqual(self.driver(guest, NIC), "e1000e")
        for _ in range(2):
            guest.check(f"tautline bind {NIC}")
            self.assertEqual(self.driver(guest, NIC), "vfio-pci")
            self.assertIn(f"{NIC} 8086:10d3", guest.check("tautline list"))
            guest.check(f"tautline unbind {NIC}")
            self.assertEqual(self.driver(guest, NIC), "e1000e")
        status, words = guest.run(f"tautline unbind {NIC}")
        self.assertEqual((status, "not bound to vfio-pci" in words), (1, True), words)

    def test_a_device_in_use_is_not_taken_away(self) -> None:
        guest = Guest(self, "qemu7", STOCK)
        guest.check(f"tautline bind {NIC}")
        guest.check(f"exec 9<>/dev/vfio/$(basename $(readlink /sys/bus/pci/devices/{NIC}/iommu_group))")
        for command, words in ((f"unbind {NIC}", "end it first"),
                               (f"info pci:{NIC}", "another program has")):
            status, output = guest.run(f"tautline {command}")
            self.assertEqual(status, 1)
            self.assertIn(words, output)
        guest.check("exec 9>&-")
        guest.check(f"tautline unbind {NIC}")


class MissingTest(support.SystemTest):
    def refused(self, guest: Guest, command: str, words: str) -> None:
        status, output = guest.run(f"tautline {command}")
        self.assertEqual(status, 1, output)
        self.assertIn(words, output)

    def test_no_iommu(self) -> None:
        guest = Guest(self, "qemu7", STOCK, command_line="", iommu="")
        self.refused(guest, f"bind {EDU}", "intel_iommu=on")
        self.refused(guest, f"info pci:{EDU}", "intel_iommu=on")

    def test_no_module(self) -> None:
        guest = Guest(self, "qemu7", STOCK, modules=())
        self.refused(guest, f"bind {EDU}", "modprobe vfio-pci")
        self.refused(guest, f"info pci:{EDU}", "modprobe vfio-pci")

    def test_no_interrupt_remapping(self) -> None:
        guest = Guest(self, "qemu7", STOCK, iommu="intremap=off")
        guest.check(f"tautline bind {EDU}")
        self.refused(guest, f"info pci:{EDU}", "interrupt remapping")

    def test_no_device(self) -> None:
        guest = Guest(self, "qemu7", STOCK)
        self.refused(guest, "bind 0000:7f:00.0", "there is no PCI function")
        self.refused(guest, f"info pci:{EDU}", f"run tautline bind {EDU}")

    def test_a_guest_that_dies_is_a_failure(self) -> None:
        guest = Guest(self, "qemu7", STOCK)
        with self.assertRaisesRegex(AssertionError, "the guest was lost"):
            guest.run("echo c > /proc/sysrq-trigger")
