// The whole design, packages first, paths from the repository. The tops are
// tl_pcie_engine and tl_usb_engine.
rtl/common/tautline_pkg.sv
rtl/net/net_pkg.sv
rtl/tcp/tcp_pkg.sv
rtl/tcp/tcb_pkg.sv
rtl/tcp/tcp_hash_pkg.sv
rtl/tcp/tcp_stream_pkg.sv
rtl/tcp/tcp_rtt_pkg.sv
rtl/tcp/tcp_congestion_pkg.sv
rtl/tcp/tcp_reassembly_pkg.sv
rtl/tcp/tcp_acceptability_pkg.sv
rtl/tcp/tcp_ack_pkg.sv
rtl/tcp/tcp_open_pkg.sv
rtl/tcp/tcp_text_pkg.sv
rtl/tcp/tcp_segment_pkg.sv
rtl/tcp/tcp_command_pkg.sv
rtl/tcp/tcp_timeout_pkg.sv
rtl/tcp/tcp_send_pkg.sv
rtl/payload/payload_pkg.sv
rtl/regs/generated/tl_msg_pkg.sv
rtl/regs/generated/tl_regs_pkg.sv
rtl/regs/tl_link_pkg.sv
rtl/pcie/tl_pcie_pkg.sv
rtl/mac/mac_pkg.sv
rtl/mac/mac_crc_pkg.sv

rtl/usb/tl_usb_pkg.sv

rtl/common/tl_ram_1r1w.sv
rtl/common/tl_fifo.sv
rtl/common/tl_flow_set.sv
rtl/common/tl_counters.sv
rtl/common/tl_sync.sv
rtl/common/tl_reset_sync.sv
rtl/common/tl_async_fifo.sv
rtl/common/tl_now.sv

rtl/net/tl_tcp_options.sv
rtl/net/tl_rx_parse.sv
rtl/net/tl_arp.sv
rtl/net/tl_icmp_echo.sv
rtl/net/tl_reply.sv
rtl/net/tl_tx_select.sv
rtl/net/tl_frame_build.sv
rtl/net/tl_net.sv

rtl/tcp/tl_siphash.sv
rtl/tcp/tl_isn.sv
rtl/tcp/tl_lookup.sv
rtl/tcp/tl_listen_table.sv
rtl/tcp/tl_time_wait.sv
rtl/tcp/tl_steer.sv
rtl/tcp/tl_mailbox.sv
rtl/tcp/tl_timer_scan.sv
rtl/tcp/tl_scheduler.sv
rtl/tcp/tl_lane.sv
rtl/tcp/tl_tcp.sv

rtl/payload/tl_tx_ram.sv
rtl/payload/tl_tx_append.sv
rtl/payload/tl_tx_read.sv
rtl/payload/tl_tx_space.sv
rtl/payload/tl_tx_store.sv
rtl/payload/tl_rx_deliver.sv

rtl/host/tl_host_port.sv

rtl/regs/generated/tl_regs.sv
rtl/regs/tl_link_regs.sv

rtl/pcie/tl_axil_split.sv
rtl/pcie/tl_doorbell.sv
rtl/pcie/tl_push_window.sv
rtl/pcie/tl_tx_fetch.sv
rtl/pcie/tl_dma_write.sv
rtl/pcie/tl_irq.sv
rtl/pcie/tl_pcie.sv

rtl/mac/tl_mac_nibbles.sv
rtl/mac/tl_mac_rx_byte.sv
rtl/mac/tl_mac_tx_byte.sv
rtl/mac/tl_mac_byte.sv
rtl/mac/tl_mac_mii.sv
rtl/mac/tl_mac_rgmii.sv
rtl/mac/tl_mac_fault.sv
rtl/mac/tl_mac_tx_word.sv
rtl/mac/tl_mac_rx_word.sv
rtl/mac/tl_mac_xgmii.sv
rtl/mac/tl_mdio.sv

rtl/usb/tl_usb_rx.sv
rtl/usb/tl_usb_exec.sv
rtl/usb/tl_usb_tx.sv
rtl/usb/tl_usb.sv
rtl/usb/tl_uart.sv
rtl/usb/tl_ft245.sv

rtl/top/tl_engine.sv
rtl/top/tl_pcie_engine.sv
rtl/top/tl_usb_engine.sv
