/** Whether a GPU that TensorFlow can use is likely: a device of NVIDIA's driver (also under WSL). */
export declare function hasGpu(): boolean;
/** The NVIDIA devices that the kernel's driver shows, such as `/dev/nvidia0`. */
export declare function nvidiaDevices(folder?: string): string[];
/** Files, sockets among them, that this process may have open at once. */
export declare function openFilesMax(): number;
