export declare function packageVersion(folder: string): string | null;
